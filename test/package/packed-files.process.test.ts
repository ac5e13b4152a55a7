/** What is in the package, and that it is whole: nothing missing, nothing that is not a user's. */
import fs from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'
import { manifest, npmPack, ROOT } from '../support/packed-package.ts'

const files = npmPack(['--dry-run'])[0]?.files ?? []
const paths = files.map(({ path }) => path)

test.each([
  'package.json',
  'README.md',
  'LICENSE',
  'bin/afterword.js',
  'docs/events.md',
  'docs/privacy.md',
  'dist/index.js',
  'dist/index.d.ts',
  'dist/tracker/ask-at-begin.cjs',
  'dist/tracker/launching.cjs',
  'dist/tracker/recording.cjs',
  'dist/tracker/full-checks.cjs',
  'dist/tracker/rare-paths.cjs',
  'dist/tracker/rare-changes.cjs',
  'dist/reporter/main.cjs',
  'dist/reporter/perform.cjs',
  'dist/reporter/look-up-main.cjs',
  'dist/THIRD-PARTY-LICENSES.txt',
])('%s is packed', (path) => {
  expect(paths).toContain(path)
})

test('no tests, no sources, no configuration are packed', () => {
  const wanted =
    /^(package\.json|README\.md|LICENSE|bin\/.*\.js|docs\/[\w-]+\.md|dist\/.*\.(js|cjs|map|d\.ts|txt|html|css))$/
  expect(paths.filter((path) => !wanted.test(path))).toEqual([])
})

test('bin/afterword.js may be executed', () => {
  expect((files.find(({ path }) => path === 'bin/afterword.js')?.mode ?? 0) & 0o111).toBe(0o111)
})

test('every exported file is there, and what it leads to is packed or declared', () => {
  const targets = Object.values(manifest.exports).flatMap((target) =>
    typeof target === 'string' ? [target] : [target.types, target.default],
  )
  const seen = new Set<string>()
  const missing: string[] = []
  const visit = (path: string, from: string): void => {
    if (seen.has(path)) return
    seen.add(path)
    if (!paths.includes(path)) {
      missing.push(`${path}, from ${from}`)
      return
    }
    if (!/\.(js|d\.ts)$/.test(path)) return
    for (const { fileName } of ts.preProcessFile(fs.readFileSync(join(ROOT, path), 'utf8'), true, true).importedFiles) {
      if (fileName.startsWith('.')) visit(asPacked(join(dirname(path), fileName), path), path)
      else if (!isDeclared(fileName)) missing.push(`${fileName}, from ${path}`)
    }
  }
  for (const target of [...targets, 'bin/afterword.js'].filter(isBuilt)) visit(target.replace('./', ''), 'package.json')
  expect(missing).toEqual([])
  expect(seen.size).toBeGreaterThan(20)
})

/** Declarations import `./x.js` and mean `./x.d.ts`. */
function asPacked(path: string, from: string): string {
  return from.endsWith('.d.ts') ? path.replace(/\.(ts|js)$/, '.d.ts') : path
}

function isDeclared(specifier: string): boolean {
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
  return (
    specifier.startsWith('node:') ||
    builtinModules.includes(specifier) ||
    name in manifest.dependencies ||
    name in manifest.peerDependencies
  )
}

/** The program is a package's part once it is built. */
function isBuilt(target: string): boolean {
  return target !== 'bin/afterword.js' || fs.existsSync(join(ROOT, 'dist/cli/main.js'))
}

test('THIRD-PARTY-LICENSES.txt names every package that is bundled', () => {
  const notices = fs.readFileSync(join(ROOT, 'dist/THIRD-PARTY-LICENSES.txt'), 'utf8')
  for (const name of ['posthog-node', '@posthog/core', 'proper-lockfile', 'retry', 'write-file-atomic', 'uuid'])
    expect(notices).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\((MIT|ISC)\\)$`, 'm'))
})
