/** Rules that the import checker cannot see: what the sources say, by reading them. */
import fs from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../support/packed-package.ts'

const sources = filesUnder('src').map((path) => ({ path, text: fs.readFileSync(join(ROOT, path), 'utf8') }))

/** The files of src (but cli) whose code, comments aside, matches. */
function saying(pattern: RegExp): readonly string[] {
  return sources
    .filter(({ path, text }) => !path.startsWith('src/cli/') && pattern.test(withoutProse(text)))
    .map(({ path }) => path)
}

test('process.env is read where the environment is the subject', () => {
  expect(saying(/\bprocess\.env\b/)).toEqual([
    'src/platform/detached-spawn.ts', // what a child gets
    'src/platform/own-directory.ts', // HOME
    'src/platform/runtime.ts', // Electron as Node
    'src/reporter/arm.ts', // the task
    'src/reporter/be-modest.ts', // SystemRoot
    'src/reporter/bearer-get.ts', // proxies
    'src/reporter/launch.ts', // are we a reporter?
    'src/reporter/posthog-sender.ts', // proxies; what posthog-node must not see
    'src/reporter/report.ts', // which box
    'src/session/owner-socket.ts', // where a long path's socket goes
    'src/session/run-session.ts', // what a workload gets
    'src/session/start-workload.ts', // where script(1) is
    'src/tracker/begin-command.ts', // the stand-ins of an unwritable home
    'src/tracker/begin-here.ts', // are we a reporter?
    'src/tracker/consent-now.ts', // the switches
    'src/tracker/failure-here.ts', // who is to be redacted
    'src/tracker/log-run.ts', // CI
    'src/tracker/store-tracking.ts', // the stand-ins of an unwritable home
  ])
})

test('process.exit is called by nobody: the box ends a reporter, the host ends itself', () => {
  expect(saying(/\bprocess\.(exit|reallyExit|abort)\(/)).toEqual([])
})

test('processes are started in platform/ and, workloads, by one file of session/', () => {
  expect(saying(/child_process/).filter((path) => !path.startsWith('src/platform/'))).toEqual([
    'src/session/drain-output.ts', // a type
    'src/session/kill.ts', // a type
    'src/session/start-workload.ts',
    'src/session/watch-workload.ts', // a type
    'src/session/workload-exit.ts', // a type
  ])
})

test('one file of sessions and tracer may kill', () => {
  const killing = /\bkill\(|\.kill\b/
  expect(saying(killing).filter((path) => /^src\/(session|tracer)\//.test(path))).toEqual(['src/session/kill.ts'])
})

test('a socket is opened by the reporter, the collector, the proxy and the owner of a session alone', () => {
  const network = /['"]node:(https?|net|tls|dgram|http2|dns)['"]|\bfetch\(|\bWebSocket\b/
  expect(saying(network).filter((path) => !/^src\/(reporter|collector|proxy)\//.test(path))).toEqual([
    'src/session/drain-output.ts', // a type: a pipe of Node is one
    'src/session/owner-socket.ts', // a unix socket: who is alive
  ])
})

test('nothing is printed but by log mode, the notice and a command of the host', () => {
  const printing = /\bconsole\.|\bprocess\.(stdout|stderr)\.write|writeSync\((1|2),/
  expect(saying(printing)).toEqual([
    'src/adapters/yargs.ts',
    'src/consent/notice.ts',
    'src/reporter/look-up-main.ts', // a pipe to its parent
    'src/tracker/log-run.ts',
  ])
})

test('no file is called after what it does not say', () => {
  const empty = /(^|[/-])(utils?|helpers?|common|misc|shared|lib|core|types|constants)([/.-]|$)/
  expect([...filesUnder('src'), ...filesUnder('test')].filter((path) => empty.test(path))).toEqual([])
})

test('every page of docs that a file refers to is there', () => {
  const missing = [
    ...filesUnder('src'),
    ...filesUnder('test'),
    ...filesUnder('docs'),
    'README.md',
    'rolldown.config.mjs',
  ]
    .filter((path) => /\.(ts|mjs|cjs|js|md)$/.test(path))
    .flatMap((path) => referencesOf(path).map((page) => ({ path, page })))
    .filter(({ page }) => !pages.some((each) => each.startsWith(page)))
  expect(missing).toEqual([])
})

test('nothing refers to a page that is not here', () => {
  const elsewhere = /\(facts: [a-z]|\bfacts\/|\bfacts [a-z]+ [M\d]|design section|design\.md|style\.md/
  const said = [...filesUnder('src'), ...filesUnder('docs')]
  expect(said.filter((path) => elsewhere.test(fs.readFileSync(join(ROOT, path), 'utf8')))).toEqual([])
})

const pages = filesUnder('docs')

/** `docs/spool.md`, `docs/decisions/0006`; links of pages among themselves are docs/links.test.ts's. */
function referencesOf(path: string): readonly string[] {
  const text = fs.readFileSync(join(ROOT, path), 'utf8')
  return [...text.matchAll(/(?<![\w/])docs\/(?:[\w-]+\/)*(?:[\w-]+\.md|\d{4}\b)/g)].map(([page]) => page)
}

const ALLOWED_AT_THE_TOP =
  '.ci .dependency-cruiser.mjs .gitignore .npmrc .oxlintrc.json LICENSE README.md bin biome.json docs knip.json ' +
  'package-lock.json package.json rolldown.config.mjs src test tsconfig.build.json tsconfig.json vitest.config.ts'

test('nothing else lies at the top', () => {
  const ignored = new Set(['.git', 'node_modules', 'dist', 'coverage', '.afterword-test'])
  const there = fs.readdirSync(ROOT).filter((name) => !ignored.has(name) && !name.endsWith('.tgz'))
  expect(there.sort()).toEqual(ALLOWED_AT_THE_TOP.split(' '))
})

function filesUnder(folder: string): readonly string[] {
  return fs
    .readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1))
    .sort()
}

/** Without comments, and without strings that only name an API. */
function withoutProse(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|\s)\/\/.*$/gm, '')
    .replace(/`process\.\w+\(\d\)`/g, '')
}
