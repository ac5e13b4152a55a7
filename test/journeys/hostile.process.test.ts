/** Places that were made for somebody else: the host is as it would be without telemetry, and its reporter inherits none of it. */
import { execFileSync } from 'node:child_process'
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { reporterProcesses } from '../support/acme.ts'
import { startFakePostHog } from '../support/fake-posthog.ts'
import { startGate } from '../support/gate.ts'
import { type Home, makeHome } from '../support/home.ts'
import { type Finished, program, start } from '../support/run.ts'

const PROGRAM = program('unharmed.mjs')

interface Hostile {
  readonly env?: Readonly<Record<string, string>>
  /** Put before `node`. */
  readonly wrap?: readonly string[]
  readonly cwd?: string
  /** What is to be seen while a reporter of these pids (`timeout`, and Node under it) lives, its host gone. */
  readonly meanwhile?: (pids: readonly number[]) => void
  /** The same when it has ended. */
  readonly afterwards?: () => void
  /** Shows that the place was hostile indeed. */
  readonly proof: () => void
}

interface Case {
  readonly name: string
  readonly lacks?: string | false
  readonly arrange: (home: Home) => Hostile
}

const lacks = (path: string): string | false => !existsSync(path) && `needs ${path}`

const LIBRARY = ['/lib/x86_64-linux-gnu', '/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib']
  .map((folder) => `${folder}/libresolv.so.2`)
  .find((path) => existsSync(path))

const cases: readonly Case[] = [
  {
    // The host has NODE_OPTIONS from its start on, or would wait itself.
    name: 'NODE_OPTIONS with --inspect-brk, set for children',
    arrange: () => ({
      env: { PREPARE: "process.env.NODE_OPTIONS = '--inspect-brk=127.0.0.1:0'" },
      proof: () => {
        const env = { NODE_OPTIONS: '--inspect-brk=127.0.0.1:0' }
        expect(() => execFileSync(process.execPath, ['-e', '0'], { env, timeout: 3000, stdio: 'ignore' })).toThrow(
          'ETIMEDOUT',
        )
      },
    }),
  },
  {
    name: 'NODE_OPTIONS with a --require that is not there, set for children',
    arrange: () => ({
      env: { PREPARE: "process.env.NODE_OPTIONS = '--require=/nonexistent/hook.cjs'" },
      proof: () => expectNoNode('/', '--require=/nonexistent/hook.cjs'),
    }),
  },
  {
    name: 'NODE_OPTIONS with a --require that is there only from the working directory',
    arrange: ({ path }) => {
      writeFileSync(`${path}/hook.cjs`, "console.log('the hook of', process.title)")
      return {
        cwd: path,
        env: { NODE_OPTIONS: '--require ./hook.cjs' },
        proof: () => expectNoNode('/', '--require ./hook.cjs'),
      }
    },
  },
  {
    name: 'NODE_V8_COVERAGE',
    arrange: ({ path }) => {
      const coverage = (): number => readdirSync(`${path}/coverage`).length
      return {
        env: { NODE_V8_COVERAGE: `${path}/coverage` },
        afterwards: () => expect(coverage()).toBe(2), // one by each host, with telemetry off and on
        proof: () => {
          const env = { NODE_V8_COVERAGE: `${path}/coverage` }
          execFileSync(
            process.execPath,
            ['-e', "require('child_process').execFileSync(process.execPath, ['-e', '0'])"],
            {
              env,
            },
          )
          expect(coverage()).toBe(4)
        },
      }
    },
  },
  {
    name: 'LD_PRELOAD of a library that is not there',
    arrange: () => {
      const env = { LD_PRELOAD: '/nonexistent/library.so' }
      return {
        env,
        meanwhile: (pids) => expectNotIn(pids, 'environ', 'LD_PRELOAD'),
        proof: () =>
          expect(execFileSync('sh', ['-c', 'exec 2>&1; env'], { env, stdio: 'pipe' }).toString()).toContain('ld.so'),
      }
    },
  },
  {
    name: 'LD_PRELOAD of a foreign library',
    lacks: LIBRARY === undefined && 'needs libresolv',
    arrange: () => ({
      env: {
        LD_PRELOAD: LIBRARY ?? '',
        PREPARE: `const maps = process.getBuiltinModule('node:fs').readFileSync('/proc/self/maps', 'utf8')
          if (!maps.includes('libresolv')) throw new Error('the host does not have it')`,
      },
      meanwhile: (pids) => expectNotIn(pids, 'maps', 'libresolv'),
      proof: () => expect(readFileSync('/proc/self/maps', 'utf8')).not.toContain('libresolv'), // Node has no need of it
    }),
  },
  {
    name: 'a working directory that was deleted before the start',
    arrange: ({ path }) => ({
      wrap: ['sh', '-c', `mkdir '${path}/gone' && cd '${path}/gone' && rmdir '${path}/gone' && exec "$@"`, 'sh'],
      meanwhile: (pids) => {
        for (const pid of pids) expect(readlinkSync(`/proc/${pid}/cwd`)).toBe('/')
      },
      proof: () => expect(existsSync(`${path}/gone`)).toBe(false),
    }),
  },
  {
    name: 'an executable that an upgrade deletes while the command runs',
    arrange: ({ path }) => ({
      wrap: ['sh', '-c', `cp "$1" '${path}/node' && shift && exec '${path}/node' "$@"`, 'sh'],
      env: { PREPARE: `process.getBuiltinModule('node:fs').unlinkSync(process.execPath)` },
      meanwhile: (pids) => {
        expect(pids).toHaveLength(1) // `timeout` would not find it any more
        for (const pid of pids) expect(readlinkSync(`/proc/${pid}/exe`)).toBe(`${path}/node (deleted)`)
      },
      proof: () => expect(existsSync(`${path}/node`)).toBe(false),
    }),
  },
  {
    name: 'umask 000',
    arrange: ({ path, layout }) => ({
      wrap: ['sh', '-c', `umask 000; : >'${path}/open'; exec "$@"`, 'sh'],
      meanwhile: () => expectClosed(layout.directory), // the event is in pending/
      afterwards: () => expectClosed(layout.directory), // the journal is there
      proof: () => expect(modeOf(`${path}/open`)).toBe('666'),
    }),
  },
  {
    name: '200 descriptors and their locks leaked by a shell',
    lacks: lacks('/usr/bin/flock') || lacks('/bin/bash'),
    arrange: ({ path }) => {
      const folder = `${path}/locks`
      mkdirSync(folder)
      // Gaps between them, or Node would mark them close-on-exec itself.
      const numbers = Array.from({ length: 200 }, (_, n) => 20 + 2 * n)
      const opens = numbers.map((fd) => `exec ${fd}>'${folder}/${fd}'; flock -n ${fd} || echo taken ${fd}`).join('\n')
      const tries = numbers.map((fd) => `flock -n '${folder}/${fd}' true || echo ${fd}`).join('\n')
      return {
        wrap: ['bash', '-c', `${opens}\nexec "$@"`, 'bash'],
        meanwhile: (pids) => {
          for (const pid of pids) expect(targetsOf(pid).filter((target) => target.startsWith(path))).toEqual([])
          expect(execFileSync('bash', ['-c', tries]).toString()).toBe('') // all of them free
        },
        proof: () => {
          // A careless child holds them, all but the first few.
          const held = execFileSync('bash', [
            '-c',
            `${opens}\n'${process.execPath}' -e "
              const { spawn } = require('child_process')
              const child = spawn('sleep', ['60'], { stdio: 'ignore', detached: true })
              console.log(require('fs').readdirSync('/proc/' + child.pid + '/fd').length)
              child.kill()"`,
          ])
          expect(Number(held)).toBeGreaterThan(190)
        },
      }
    },
  },
]

describe.each(cases)('$name', ({ lacks: lacking = false, arrange }) => {
  test.skipIf(lacking !== false).for(['ok', 'exit'])(
    `a host that ends by %s is the same with telemetry on as off, and its event is delivered${lacking === false ? '' : ` (${lacking})`}`,
    async (end) => {
      const home = makeHome()
      const posthog = await startFakePostHog()
      onTestFinished(() => posthog.close())
      const gate = await startGate(posthog)
      const hostile = arrange(home)

      const off = await perform(home, hostile, end, { POSTHOG: gate.url, DO_NOT_TRACK: '1' })
      expect(off.code, off.stderr).toBe(end === 'ok' ? 0 : 3)
      expect(home.reporters()).toEqual([])
      const on = await perform(home, hostile, end, { POSTHOG: gate.url })
      expect(withoutWall(on)).toEqual(withoutWall(off))

      await gate.reached()
      const pids = reporterProcesses(home).map(({ pid }) => pid)
      expect(pids.length).toBeGreaterThan(0)
      hostile.meanwhile?.(pids)
      gate.open()
      await posthog.waitFor(({ acceptedEvents }) => acceptedEvents.length > 0)
      await home.quiet()
      expect(posthog.acceptedEvents).toHaveLength(1)
      expect(home.pending()).toEqual([])
      hostile.afterwards?.()
      if (end === 'ok') hostile.proof()
    },
  )
})

function perform(
  home: Home,
  { wrap = [], env = {}, cwd = '/' }: Hostile,
  end: string,
  added: Readonly<Record<string, string>>,
): Promise<Finished> {
  const [command, ...args] = [...wrap, process.execPath, PROGRAM, end]
  return start(command ?? '', args, { env: home.env({ ...env, ...added }), cwd }).finished
}

function withoutWall({ code, signal, stdout, stderr }: Finished): object {
  return { code, signal, stdout, stderr }
}

/** With that option no Node starts from there. */
function expectNoNode(cwd: string, options: string): void {
  const env = { NODE_OPTIONS: options }
  expect(() => execFileSync(process.execPath, ['-e', '0'], { env, cwd, stdio: 'ignore' })).toThrow('Command failed')
}

function expectNotIn(pids: readonly number[], file: 'environ' | 'maps', text: string): void {
  for (const pid of pids) expect(readFileSync(`/proc/${pid}/${file}`, 'utf8')).not.toContain(text)
}

/** Every file 0600, every folder 0700. */
function expectClosed(directory: string): void {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true })
  expect(entries.length).toBeGreaterThan(3)
  expect(modeOf(directory)).toBe('700')
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name)
    if (existsSync(path)) expect([path, modeOf(path)]).toEqual([path, entry.isDirectory() ? '700' : '600'])
  }
}

function modeOf(path: string): string {
  return (lstatSync(path).mode & 0o777).toString(8)
}

function targetsOf(pid: number): readonly string[] {
  return readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`)
    } catch {
      return '' // closed meanwhile
    }
  })
}
