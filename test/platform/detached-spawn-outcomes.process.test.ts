/** What a detached child is spared, and every way of not getting one. Rows of docs/architecture.md, "Detaching"; Linux. */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { SpawnOutcome } from '../../src/platform/detached-spawn.ts'
import { program, start } from '../support/run.ts'
import { waitUntil } from '../support/wait-until.ts'

interface Seen {
  readonly pid: number
  readonly parent: number
  readonly session: number
  readonly argv: readonly string[]
  readonly names: readonly string[]
  readonly cwd: string
  readonly links: readonly (readonly [number, string])[]
  readonly execArgv: readonly string[]
}

interface Case {
  readonly folder: string
  /** Runs spawn-once.mjs with these variables added; its outcome. `under` stands before node and the program. */
  readonly run: (
    added?: Record<string, string>,
    under?: readonly string[],
    node?: string,
  ) => Promise<{ outcome: SpawnOutcome }>
  /** What the child wrote down; it lives until the test is over. */
  readonly seen: () => Promise<Seen>
}

function caseOfThisTest(): Case {
  const folder = mkdtempSync(join(process.env['AFTERWORD_TEST_HOME'] ?? tmpdir(), 'spawn-'))
  chmodSync(folder, 0o777)
  const seenFile = join(folder, 'seen.json')
  onTestFinished(async () => {
    writeFileSync(join(folder, 'go'), '')
    if (existsSync(seenFile)) {
      const { pid } = JSON.parse(readFileSync(seenFile, 'utf8')) as Seen
      await waitUntil('the child has gone', () => !isAlive(pid))
    }
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    folder,
    async run(added = {}, under = [], node = process.execPath) {
      const argv: readonly string[] = [...under, node, program('spawn-once.mjs')]
      const [command = node, ...args] = argv
      const env = { PATH: process.env['PATH'] ?? '', HOME: folder, FOLDER: folder, ...added }
      const { code, stdout, stderr } = await start(command, args, { env }).finished
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      return { outcome: JSON.parse(stdout) as SpawnOutcome }
    },
    async seen() {
      await waitUntil('the child has written down how it was started', () => existsSync(seenFile))
      return JSON.parse(readFileSync(seenFile, 'utf8')) as Seen
    },
  }
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

describe('detachedSpawn()', () => {
  it('starts a process of a session of its own, at the root, with /dev/null alone, and lets the parent go', async () => {
    const { run, seen } = caseOfThisTest()
    const { outcome } = await run()
    expect(outcome).toMatchObject({ kind: 'spawned', box: 'outside', job: 'unasked' })
    const child = await seen()
    expect(child).toMatchObject({ argv: ['one', 'a b'], cwd: '/', execArgv: ['--v8-pool-size=0'] })
    expect(child.session).toBe(outcome.kind === 'spawned' ? outcome.pid : 0)
    for (const fd of [0, 1, 2]) expect(child.links).toContainEqual([fd, '/dev/null'])
  })

  it("starts it inside 'exit' too", async () => {
    const { run, seen } = caseOfThisTest()
    expect((await run({ WHERE: 'exit' })).outcome).toMatchObject({ kind: 'spawned' })
    await seen()
  })

  it.each<[string, Record<string, string>]>([
    ['--inspect-brk', { NODE_OPTIONS: '--inspect-brk=0' }],
    ['a --require that is not there', { NODE_OPTIONS: '--require ./no-such-hook.js' }],
    ['coverage', { NODE_V8_COVERAGE: '/tmp/no-such-coverage' }],
    ['LD_PRELOAD', { LD_PRELOAD: '/no/such.so' }],
    ['a secret', { ACME_TOKEN: 'secret', RUNNER_TRACKING_ID: 'github_1' }],
    ['a variable of 100 kB', { HTTPS_PROXY: 'x'.repeat(100_000) }],
  ])('inherits nothing of an environment with %s', async (_, environment) => {
    const { run, seen } = caseOfThisTest()
    const added = { PREPARE: 'environment', ENVIRONMENT: JSON.stringify({ TZ: 'UTC', ...environment }) }
    expect((await run(added)).outcome).toMatchObject({ kind: 'spawned' })
    const { names } = await seen()
    expect([...names].sort()).toEqual(['AFTERWORD_BOX', 'FOLDER', 'HOME', 'TZ'])
  })

  it('holds none of 200 descriptors that a shell left open, nor a lock on one', async () => {
    const { folder, run, seen } = caseOfThisTest()
    mkdirSync(join(folder, 'open'))
    const opening = `cd '${folder}/open'; for n in $(seq 16 215); do eval "exec $n>f$n"; done; flock 20; flock 200; "$@"`
    await run({}, ['bash', '-c', opening, 'bash'])
    const { links } = await seen()
    expect(links.filter(([, path]) => path.startsWith(folder))).toEqual([])
    for (const fd of [20, 200])
      expect(spawnSync('flock', ['-n', join(folder, 'open', `f${fd}`), 'true']).status, `lock on ${fd}`).toBe(0)
  })

  it('starts it from a directory that is gone', async () => {
    const { folder, run, seen } = caseOfThisTest()
    mkdirSync(join(folder, 'cwd'))
    const enter = `cd '${folder}/cwd' && "$@"`
    expect((await run({ PREPARE: 'delete-directory' }, ['bash', '-c', enter, 'bash'])).outcome).toMatchObject({
      kind: 'spawned',
    })
    expect(await seen()).toMatchObject({ cwd: '/' })
  })

  it('starts it from an executable that an upgrade has deleted, with the box inside', async () => {
    const { folder, run, seen } = caseOfThisTest()
    const node = join(folder, 'node')
    copyFileSync(process.execPath, node)
    expect((await run({ PREPARE: 'delete-executable' }, [], node)).outcome).toMatchObject({
      kind: 'spawned',
      box: 'inside',
    })
    expect(await seen()).toMatchObject({ argv: ['one', 'a b'] })
  })

  it.each<[string, Record<string, string>, readonly string[], SpawnOutcome]>([
    ['in a worker thread', { WHERE: 'worker' }, [], { kind: 'refused', reason: 'worker-thread' }],
    [
      'under --permission',
      {},
      ['env', 'NODE_OPTIONS=--experimental-permission --allow-fs-read=* --allow-fs-write=* --no-warnings'],
      { kind: 'refused', reason: 'permission-denied' },
    ],
    ['when the script is missing', { SCRIPT: '/no/such.cjs' }, [], { kind: 'refused', reason: 'script-missing' }],
    ['when a variable is too large', { PREPARE: 'large-variable' }, [], { kind: 'failed', reason: 'E2BIG' }],
    ['when a variable holds a NUL', { PREPARE: 'nul-byte' }, [], { kind: 'failed', reason: 'ERR_INVALID_ARG_VALUE' }],
    [
      'when no descriptor is left',
      { PREPARE: 'no-descriptors' },
      ['prlimit', '--nofile=64:64'],
      { kind: 'failed', reason: 'not-started' },
    ],
    [
      'when no process may be made',
      { PREPARE: 'no-processes' },
      ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'],
      { kind: 'failed', reason: 'not-started' },
    ],
  ])('is an outcome, not an error, %s', async (_, added, under, expected) => {
    expect((await caseOfThisTest().run(added, under)).outcome).toEqual(expected)
  })
})
