import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { defineConfig, RolldownMagicString } from 'rolldown'
import { parseAst } from 'rolldown/parseAst'

/**
 * Eleven bundles; everything else in dist is tsc's output, file for file.
 *
 *  index.js            what a host loads with `import 'afterword'`: one ES module, no static `node:` import, no package
 *  tracker/recording.cjs      what a command loads that is recorded
 *  tracker/launching.cjs      what a command loads when no reporter is alive
 *  tracker/ask-at-begin.cjs   what a host with a credential, or somebody to ask, loads when a command begins
 *  tracker/full-checks.cjs    what a host loads whose options or declarations are not plainly right
 *  tracker/rare-paths.cjs     what a host needs now and then: first use, failures, look-ups, status …
 *  tracker/rare-changes.cjs   what a login, a logout, `on` and `off` load: the lock, the atomic write, UUIDv5
 *  reporter/main.cjs   the detached reporter: the box, and what loads the next one, compiled already if it was before
 *  reporter/perform.cjs       what works in that box, with posthog-node inside
 *  session/recovery.cjs       what a reporter loads where sessions were traced
 *  reporter/look-up-main.cjs  the killable child that asks who a credential belongs to
 */
const shared = { platform: 'node', external: [/^node:/], plugins: [thirdPartyLicenses()] }

/**
 * What a host loads. The source map lies beside it, for who audits what is sent, and is not named in it: Node compiles what looks after maps as
 * soon as a file names one, a quarter of a million instructions in each command.
 */
const inHost = { sourcemap: 'hidden', minify: true }
const MINIFIED = { compress: true, codegen: { removeWhitespace: true } }
/** What src/tracker/load-parts.ts compiles, which asks for no `Symbol.toStringTag`. */
const asFunction = { ...inHost, format: 'cjs', exports: 'named', generatedCode: { symbols: false } }

// proper-lockfile and write-file-atomic patch the process they are loaded into (graceful-fs replaces fs.close and
// process.cwd, signal-exit replaces process.emit and listens to signals). A guest does not do that: docs/decisions/0010.
const guestManners = {
  'graceful-fs': 'node:fs',
  'signal-exit': new URL('./src/platform/no-signal-exit.cjs', import.meta.url).pathname,
}

// What posthog-node could load and a reporter never uses: source lines for exceptions, e-mail templates of the user's project.
// Loading the two built-ins costs 1.8 ms of CPU.
const nothing = new URL('./src/platform/nothing.cjs', import.meta.url).pathname
const unused = { 'node:readline': nothing, 'node:fs/promises': nothing, '@react-email/render': nothing }

// Modules of posthog-node that a client which only captures and flushes never enters: half of it. Reading them would cost each
// reporter as much as its request. Their names stay, undefined: should an update enter one, nothing is sent, the events wait, and
// every test of the reporter fails. One that is no longer there stops the build.
const UNENTERED = [
  'posthog-node/dist/ai-capture/batching',
  'posthog-node/dist/capture-v1/sender',
  'posthog-node/dist/emails/emails',
  'posthog-node/dist/extensions/error-tracking/modifiers/context-lines.node',
  'posthog-node/dist/extensions/feature-flags/feature-flags',
  'posthog-node/dist/extensions/sentry-integration',
  'posthog-node/dist/feature-flag-evaluations',
  'posthog-node/dist/gzip.node',
  '@posthog/core/dist/featureFlagLocalEvaluation',
  '@posthog/core/dist/logs/index',
  '@posthog/core/dist/logs/logs-utils',
  '@posthog/core/dist/surveys/validation',
  '@posthog/core/dist/traces/config',
  '@posthog/core/dist/traces/index',
  '@posthog/core/dist/traces/span',
  '@posthog/core/dist/utils/otlp-any-value',
]

export default defineConfig([
  {
    ...shared,
    input: 'src/index.ts',
    plugins: [...shared.plugins, soonCalled(['isPlainName', 'isTerminal']), withoutHoles()],
    // CommandTracker is called that, in an error's stack and where a host prints one.
    output: {
      file: 'dist/index.js',
      format: 'esm',
      ...inHost,
      minify: { ...MINIFIED, mangle: { keepNames: { class: true, function: false } } },
    },
  },
  {
    ...shared,
    input: 'src/tracker/recording.ts',
    plugins: [...shared.plugins, sharedWithHost(), soonCalled(), withoutHoles()],
    output: { file: 'dist/tracker/recording.cjs', ...asFunction },
  },
  {
    ...shared,
    input: 'src/tracker/launching.ts',
    plugins: [...shared.plugins, sharedWithHost(), withoutHoles()],
    output: { file: 'dist/tracker/launching.cjs', ...asFunction },
  },
  {
    ...shared,
    input: 'src/tracker/ask-at-begin.ts',
    plugins: [...shared.plugins, sharedWithHost()],
    output: { file: 'dist/tracker/ask-at-begin.cjs', ...asFunction },
  },
  {
    ...shared,
    input: 'src/tracker/full-checks.ts',
    plugins: [...shared.plugins, sharedWithHost()],
    // With its lines, one of which Node shows when it throws.
    output: { file: 'dist/tracker/full-checks.cjs', ...asFunction, minify: false },
  },
  {
    ...shared,
    input: 'src/tracker/rare-paths.ts',
    plugins: [...shared.plugins, sharedWithHost()],
    output: { file: 'dist/tracker/rare-paths.cjs', ...asFunction },
  },
  {
    ...shared,
    input: 'src/tracker/rare-changes.ts',
    resolve: { alias: guestManners },
    output: { file: 'dist/tracker/rare-changes.cjs', format: 'cjs', exports: 'named', sourcemap: 'hidden' },
  },
  {
    ...shared,
    input: 'src/reporter/main.ts',
    output: { file: 'dist/reporter/main.cjs', format: 'cjs', minify: true },
  },
  {
    ...shared,
    input: 'src/reporter/perform.ts',
    external: (id) => id.startsWith('node:') && !(id in unused),
    resolve: { alias: { ...guestManners, ...unused, path: 'node:path' } },
    plugins: [...shared.plugins, leaveUnentered(), escapeNonAscii(), nameByContent()],
    output: {
      file: 'dist/reporter/perform.cjs',
      format: 'cjs',
      exports: 'named',
      codeSplitting: false,
      // A reporter prints nothing, whatever posthog-node would like to say. It is read anew by every process: no white space.
      minify: { compress: { dropConsole: true }, mangle: true, codegen: { removeWhitespace: true } },
    },
  },
  {
    ...shared,
    input: 'src/session/recovery.ts',
    output: { file: 'dist/session/recovery.cjs', format: 'cjs', exports: 'named', sourcemap: true, minify: true },
  },
  {
    ...shared,
    input: 'src/reporter/look-up-main.ts',
    output: { file: 'dist/reporter/look-up-main.cjs', format: 'cjs' },
  },
])

/** dist/THIRD-PARTY-LICENSES.txt, from the modules that really are in a bundle. An unknown licence stops the build. */
function thirdPartyLicenses() {
  const folders = new Set()
  return {
    name: 'third-party-licenses',
    writeBundle(_, bundle) {
      for (const chunk of Object.values(bundle)) {
        for (const [id, { renderedLength }] of Object.entries(chunk.modules ?? {})) {
          const folder = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0]
          if (folder !== undefined && renderedLength > 0) folders.add(folder)
        }
      }
      const notices = [...folders].sort().map(licenseNotice)
      fs.writeFileSync('dist/THIRD-PARTY-LICENSES.txt', `${notices.join('\n\n')}\n`)
    },
  }
}

/**
 * V8 reads a function twice: once with its file, for the errors in it, and again when it is called. In parentheses it is taken to be called
 * at once, and read and compiled with its file. So are all here that stand alone, but for those that say `@rare` and those of
 * `rareHere`, which are rare in this bundle alone; and the arrow functions behind a `@soon`, as functions, since only those are taken so.
 * test/package/soon-called.process.test.ts holds a real command against it.
 */
function soonCalled(rareHere = []) {
  return {
    name: 'soon-called',
    transform(code, id) {
      if (!id.endsWith('.ts')) return null
      const changed = new RolldownMagicString(code)
      const { body } = parseAst(code, { lang: 'ts' })
      let before = 0
      for (const statement of body) {
        const isRare = code.slice(before, statement.start).includes('@rare')
        before = statement.end
        const declared = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement
        if (isRare || declared?.type !== 'FunctionDeclaration' || rareHere.includes(declared.id.name)) continue
        const { async, start, end } = declared
        const { name, end: nameEnd } = declared.id
        changed.overwrite(start, nameEnd, `const ${name} = (${async ? 'async ' : ''}function`)
        changed.appendLeft(end, ');')
      }
      const marked = arrowsIn(code.includes(SOON) ? body : null).filter(({ start }) =>
        code.slice(0, start).trimEnd().endsWith(SOON),
      )
      if (marked.length !== code.split(SOON).length - 1)
        throw new Error(`${id}: a ${SOON} that stands before no arrow function`)
      for (const { start, end, body: does, expression } of marked) {
        const arrow = code.lastIndexOf('=>', does.start)
        changed.appendLeft(start, '(function')
        changed.overwrite(arrow, arrow + 2, expression ? '{ return' : '')
        changed.appendLeft(end, expression ? ' })' : ')')
      }
      return { code: changed.toString(), map: changed.generateMap({ source: id, hires: true }).toString() }
    },
  }
}

const SOON = '/* @soon */'

function arrowsIn(node) {
  if (typeof node !== 'object' || node === null) return []
  const inside = Object.values(node).flatMap(arrowsIn)
  return node.type === 'ArrowFunctionExpression' ? [node, ...inside] : inside
}

/**
 * `var` for the `const` of a bundle's outermost scope, when all else is done: V8 asks of each use of a `const`, from within a function, whether it
 * has its value yet, and compiles that question each time. Of the same length: the source map stays true.
 */
function withoutHoles() {
  return {
    name: 'without-holes',
    generateBundle(_, bundle) {
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== 'chunk') continue
        const changed = new RolldownMagicString(chunk.code)
        for (const { type, kind, start } of parseAst(chunk.code).body)
          if (type === 'VariableDeclaration' && kind !== 'var')
            changed.overwrite(start, start + kind.length, 'var'.padEnd(kind.length))
        chunk.code = changed.toString()
      }
    },
  }
}

/** What such a file shares with the host's bundle is not in it: `require('host')`, answered by src/tracker/load-parts.ts. */
function sharedWithHost() {
  const modules = /\/(?:characters|child-files|consent-now|load-parts|read-small-file|running-commands)\.ts$/
  return { name: 'shared-with-host', resolveId: (id) => (modules.test(id) ? { id: 'host', external: true } : null) }
}

/** See UNENTERED: what they export is `undefined`. */
function leaveUnentered() {
  const missing = new Set(UNENTERED)
  return {
    name: 'leave-unentered',
    load(id) {
      const module = UNENTERED.find((each) => id.endsWith(`/node_modules/${each}.mjs`))
      if (module === undefined) return null
      missing.delete(module)
      const exported = fs.readFileSync(id, 'utf8').matchAll(/^export \{([^}]*)\}/gm)
      const names = [...exported].flatMap(([, list]) => list.split(',').map((each) => each.trim().split(' as ').at(-1)))
      return names.map((each) => `export const ${each} = undefined`).join('\n')
    },
    buildEnd() {
      if (missing.size > 0) throw new Error(`not in posthog-node any more: ${[...missing].join(', ')}`)
    },
  }
}

/** V8 scans and keeps a text of ASCII alone at half the price. An escape means the same wherever such a character can stand. */
function escapeNonAscii() {
  return {
    name: 'escape-non-ascii',
    generateBundle(_, bundle) {
      for (const chunk of Object.values(bundle)) {
        if (/\\[^\0-\x7f]/.test(chunk.code)) throw new Error(`${chunk.fileName}: a backslash before what is not ASCII`)
        chunk.code = chunk.code.replace(
          /[^\0-\x7f]/g,
          (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
        )
      }
    },
  }
}

/** The first line is a hash of the rest: src/reporter/compiled-code.ts. */
function nameByContent() {
  return {
    name: 'name-by-content',
    generateBundle(_, bundle) {
      for (const chunk of Object.values(bundle))
        chunk.code = `//${createHash('sha256').update(chunk.code).digest('hex').slice(0, 16)}\n${chunk.code}`
    },
  }
}

function licenseNotice(folder) {
  const { name, version, license } = JSON.parse(fs.readFileSync(`${folder}/package.json`, 'utf8'))
  const file = fs.readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry))
  if (!['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0'].includes(license) || file === undefined)
    throw new Error(`licence of ${name}: ${license}, ${file ?? 'no text'}; wants a permissive one and its text`)
  return `${name} ${version} (${license})\n\n${fs.readFileSync(`${folder}/${file}`, 'utf8').trim()}`
}
