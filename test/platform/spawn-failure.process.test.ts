import { chmodSync, chownSync, existsSync, writeFileSync } from 'node:fs'
import { beforeEach, describe, expect, it } from 'vitest'
import { whyNotStarted } from '../../src/platform/spawn-failure.ts'
import { type Home, makeHome } from '../support/home.ts'
import { start } from '../support/run.ts'

const MODULE = JSON.stringify(new URL('../../dist/platform/detached-spawn.js', import.meta.url).href)
const IS_ROOT = process.getuid?.() === 0
const NOBODY = 65_534
const PERMISSION = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission'

let home: Home
let script: string
beforeEach(() => {
  home = makeHome()
  script = `${home.path}/child.cjs`
  writeFileSync(script, 'setInterval(() => {}, 1000)')
})

interface Case {
  /** Statements inside 'exit', before the call; `fs` and `prlimit` are there. */
  readonly before?: string
  readonly more?: string
  readonly nodeFlags?: readonly string[]
  readonly uid?: number
  readonly lacks?: string | false
  readonly outcome: object
}

const needsPrlimit = !existsSync('/usr/bin/prlimit') && 'needs prlimit'

const cases: Readonly<Record<string, Case>> = {
  'nothing amiss': { outcome: { kind: 'spawned', box: 'outside' } },
  'RLIMIT_NPROC reached': {
    lacks: needsPrlimit || (!IS_ROOT && 'needs root'),
    uid: NOBODY,
    before: `prlimit('--nproc=1:1')`,
    outcome: { kind: 'failed', reason: 'EAGAIN' },
  },
  'RLIMIT_NOFILE reached': {
    lacks: needsPrlimit,
    before: `prlimit('--nofile=64:64'); try { for (;;) fs.openSync('/dev/null') } catch {}`,
    outcome: { kind: 'failed', reason: 'EMFILE' },
  },
  'one short of RLIMIT_NOFILE': {
    lacks: needsPrlimit,
    before: `prlimit('--nofile=64:64'); let last; try { for (;;) last = fs.openSync('/dev/null') } catch {} fs.closeSync(last)`,
    outcome: { kind: 'failed', reason: 'EMFILE' },
  },
  'no executable, and none under /proc': {
    before: `const { existsSync } = fs; process.execPath = '/nonexistent/node'
      fs.existsSync = (path) => path === process.execPath || (!String(path).endsWith('/timeout') && existsSync(path))`,
    outcome: { kind: 'failed', reason: 'ENOENT' },
  },
  'an executable that may not be executed': {
    before: `const { existsSync } = fs; process.execPath = fs.realpathSync(process.env.HOME) + '/node'
      fs.writeFileSync(process.execPath, '', { mode: 0o600 })
      fs.existsSync = (path) => !String(path).endsWith('/timeout') && existsSync(path)`,
    outcome: { kind: 'failed', reason: 'EACCES' },
  },
  'a variable of 128 KiB': {
    more: `{ variables: { BIG: 'x'.repeat(131_072) } }`,
    outcome: { kind: 'failed', reason: 'E2BIG' },
  },
  'arguments of 6 MB': {
    more: `{ args: Array(60).fill('x'.repeat(100_000)) }`,
    outcome: { kind: 'failed', reason: 'E2BIG' },
  },
  'a NUL byte in an argument': {
    more: `{ args: ['a\\0b'] }`,
    outcome: { kind: 'failed', reason: 'ERR_INVALID_ARG_VALUE' },
  },
  'a NUL byte in a variable': {
    more: `{ variables: { X: 'a\\0b' } }`,
    outcome: { kind: 'failed', reason: 'ERR_INVALID_ARG_VALUE' },
  },
  'the permission model': {
    nodeFlags: ['--no-warnings', PERMISSION, '--allow-fs-read=*'],
    outcome: { kind: 'refused', reason: 'permission-denied' },
  },
  'a script that an upgrade has deleted': {
    before: `fs.unlinkSync(process.env.SCRIPT)`,
    outcome: { kind: 'refused', reason: 'script-missing' },
  },
}

describe('detachedSpawn() inside exit', () => {
  for (const [name, { before = '', more = '{}', nodeFlags = [], uid, lacks = false, outcome }] of Object.entries(cases))
    it.skipIf(lacks !== false)(
      `with ${name}: an outcome, at once, with no throw and no print${lacks === false ? '' : ` (${lacks})`}`,
      async () => {
        const program = `
          const { default: fs } = await import('node:fs')
          const { execFileSync } = await import('node:child_process')
          const { detachedSpawn } = await import(${MODULE})
          const prlimit = (limit) => execFileSync('prlimit', ['--pid', String(process.pid), limit])
          process.on('exit', () => {
            ${before}
            const variables = { AFTERWORD_REPORTER: process.env.HOME }
            const request = { script: process.env.SCRIPT, args: [], variables, boxSeconds: 10, ...${more} }
            const outcome = detachedSpawn(request)
            fs.writeSync(1, JSON.stringify(outcome))
          })`
        // Others come through to the home and the script.
        if (uid !== undefined) {
          chmodSync(process.env['AFTERWORD_TEST_HOME'] ?? '/tmp', 0o711)
          chownSync(home.path, uid, uid)
        }
        const running = start(process.execPath, [...nodeFlags, '--input-type=module', '-e', program], {
          env: home.env({ SCRIPT: script }),
          ...(uid === undefined ? {} : { uid, gid: uid }),
        })
        const { code, stdout, stderr } = await running.finished
        expect([code, stderr]).toEqual([0, ''])
        expect(JSON.parse(stdout)).toMatchObject(outcome)
      },
    )
})

describe('detachedSpawn() before the end', () => {
  it('holds nobody, whether it started something or not', async () => {
    const program = `
      const { detachedSpawn } = await import(${MODULE})
      const variables = { AFTERWORD_REPORTER: process.env.HOME }
      const spawn = (more) => detachedSpawn({ script: process.env.SCRIPT, args: [], variables, boxSeconds: 10, ...more })
      const kinds = [spawn({}), spawn({ variables: { BIG: 'x'.repeat(131_072) } }), spawn({ args: ['a\\0b'] })]
      setImmediate(() => setImmediate(() => {
        console.log(JSON.stringify([kinds.map(({ kind }) => kind), process.getActiveResourcesInfo()]))
      }))`
    const args = ['--input-type=module', '-e', program]
    const { stdout } = await start(process.execPath, args, { env: home.env({ SCRIPT: script }) }).finished
    expect(JSON.parse(stdout)).toEqual([['spawned', 'failed', 'failed'], []])
  })
})

describe('whyNotStarted()', () => {
  it('is the limit on processes when nothing else is amiss', () => {
    expect(whyNotStarted(process.execPath)).toBe('EAGAIN')
    expect(whyNotStarted('/nonexistent')).toBe('ENOENT')
    expect(whyNotStarted(script)).toBe('EACCES')
  })
})
