/** Promise 1: whatever is broken, the host's streams and end are what they are with telemetry off; and each thing is proven broken. */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { lastLine } from '../../src/events/envelope.ts'
import { spoolLayout } from '../../src/spool/spool-layout.ts'
import { type FakePostHog, startBlackHole, startFakePostHog } from '../support/fake-posthog.ts'
import { type Home, makeHome } from '../support/home.ts'
import { processesNaming } from '../support/processes.ts'
import { type Finished, program, start } from '../support/run.ts'
import { waitUntil } from '../support/wait-until.ts'

const PROGRAM = program('unharmed.mjs')
const DIST = new URL('../../dist/', import.meta.url).pathname
const IS_ROOT = process.getuid?.() === 0
const NOBODY = 65_534
/** No passwd entry. */
const STRANGER = 54_321

/** For inside the command: from here on, no byte fits. */
const FILL = `const fs = process.getBuiltinModule('node:fs')
  try { for (;;) fs.appendFileSync(process.env.HOME + '/filler', Buffer.alloc(1024)) } catch {}`
/** And what was left of the page in which its record stands. */
const FILL_RECORD = `const folder = process.env.HOME + '/.acme/telemetry/in-flight/'
  for (const record of fs.existsSync(folder) ? fs.readdirSync(folder) : [])
    fs.appendFileSync(folder + record, ' '.repeat(4096 - fs.statSync(folder + record).size))`
/** For inside the command: from here on, no process starts; says so if one does. */
const NO_MORE_PROCESSES = `const { execFileSync } = process.getBuiltinModule('node:child_process')
  execFileSync('prlimit', ['--pid', String(process.pid), '--nproc=1:1'])
  try { execFileSync('true'); console.log('a process was started') } catch {}`

const ENDS = ['ok', 'throw', 'exit', 'term'] as const

/** What one broken thing needs, and what becomes of the event nevertheless. */
interface Broken {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly uid?: number
  readonly cwd?: string
  /** Put before `node`. */
  readonly wrap?: readonly string[]
  readonly nodeFlags?: readonly string[]
  readonly endpoint?: string
  /** Where the event is in the end; `lost`: recorded nowhere. */
  readonly lands: 'posthog' | 'pending' | 'lost'
  /** What `status()` counts. @default { recorded: 1 } */
  readonly counts?: Readonly<Record<string, number>>
  /** Between the run with telemetry off and the one with it on: breaks again what the first run used up. */
  readonly again?: () => void
  /** Shows that the thing was broken indeed, once the command is over. */
  readonly proof?: () => void | Promise<void>
}

interface Scene {
  readonly home: Home
  /** Belongs to whoever the child is, outside the home; TMPDIR. */
  readonly temporary: string
  readonly posthog: FakePostHog
}

interface Case {
  readonly name: string
  /** Why it cannot be tried here; false: it can. */
  readonly lacks?: string | false
  readonly arrange: (scene: Scene) => Broken | Promise<Broken>
}

const rootOnly = IS_ROOT ? false : 'needs root'

const cases: readonly Case[] = [
  { name: 'nothing', arrange: () => ({ lands: 'posthog' }) },
  {
    name: 'a home that takes no writes',
    arrange: ({ home, temporary }) => {
      const uid = IS_ROOT ? NOBODY : (process.getuid?.() ?? 0)
      own(home.path, uid)
      own(temporary, uid)
      chmodSync(home.path, 0o555)
      return {
        uid,
        lands: 'posthog',
        proof: () => {
          expect(existsSync(home.layout.directory)).toBe(false)
          expect(existsSync(`${temporary}/acme-${uid}/usage.json`)).toBe(true) // the stand-in
        },
      }
    },
  },
  {
    name: 'no home and nowhere else to write',
    lacks: rootOnly,
    arrange: ({ home, temporary }) => {
      own(home.path, NOBODY)
      chmodSync(home.path, 0o555)
      own(temporary, NOBODY)
      return { uid: NOBODY, env: { TMPDIR: home.path }, lands: 'lost', counts: { EACCES: 1 } }
    },
  },
  {
    name: 'neither HOME nor a passwd entry',
    lacks: rootOnly,
    arrange: ({ temporary }) => {
      own(temporary, STRANGER)
      return { uid: STRANGER, env: { HOME: undefined }, lands: 'lost', counts: { 'refused: no-home': 1 } }
    },
  },
  {
    name: 'a home that is a file',
    arrange: ({ home }) => {
      writeFileSync(`${home.path}/file`, '')
      // Whatever stands in the way of consent.json, it cannot be read, and that means no.
      return { env: { HOME: `${home.path}/file` }, lands: 'lost', counts: { 'off: stored-unreadable': 1 } }
    },
  },
  ...[0o755, 0o700].map(
    (mode): Case => ({
      name: `what sudo left behind, mode ${mode.toString(8)}`,
      lacks: rootOnly,
      arrange: ({ home, temporary }) => {
        own(home.path, NOBODY)
        own(temporary, NOBODY)
        mkdirSync(home.layout.pending, { recursive: true })
        chmodSync(home.layout.directory, mode)
        return {
          uid: NOBODY,
          lands: 'lost',
          // Where consent cannot be looked at, the answer is no.
          counts: mode === 0o755 ? { 'refused: not-ours': 1 } : { 'off: stored-unreadable': 1 },
          // oxlint-disable-next-line vitest/no-standalone-expect -- called by the test
          proof: () => expect(home.files()).toEqual([]),
        }
      },
    }),
  ),
  {
    name: 'a full disk',
    lacks: rootOnly,
    arrange: ({ home, temporary }) => ({
      wrap: fullDisk(home.path, 'now'),
      lands: 'posthog',
      proof: () => {
        expect(home.files()).toEqual([]) // outside the namespace there is no such disk
        expect(existsSync(`${temporary}/acme-0/usage.json`)).toBe(true)
      },
    }),
  },
  {
    name: 'a full disk, and no other',
    lacks: rootOnly,
    arrange: ({ home }) => ({
      wrap: fullDisk(home.path, 'now'),
      env: { TMPDIR: home.path },
      lands: 'lost',
      counts: { ENOSPC: 1 },
    }),
  },
  {
    name: 'a disk that is full before the command ends, but for the block of its record',
    lacks: rootOnly,
    arrange: ({ home }) => ({ wrap: fullDisk(home.path, 'later'), env: { PREPARE: FILL }, lands: 'lost' }),
  },
  {
    name: 'a disk that is full to the last byte before the command ends',
    lacks: rootOnly,
    arrange: ({ home }) => ({
      wrap: fullDisk(home.path, 'later'),
      env: { PREPARE: `${FILL}\n${FILL_RECORD}` },
      lands: 'lost',
      counts: { 'failed: ENOSPC': 1 },
    }),
  },
  {
    name: 'a usage.json of garbage',
    arrange: ({ home }) => {
      mkdirSync(home.layout.directory, { mode: 0o700 })
      writeFileSync(home.layout.usage, '{"anon_id": ')
      return {
        lands: 'posthog',
        proof: () => expect(home.files().filter((name) => name.startsWith('usage.json.damaged-'))).toHaveLength(1),
      }
    },
  },
  {
    name: 'a usage.json that is a FIFO',
    arrange: ({ home }) => {
      mkdirSync(home.layout.directory, { mode: 0o700 })
      execFileSync('mkfifo', [home.layout.usage])
      return { lands: 'lost', counts: { 'usage.json: not-a-plain-file': 1 } }
    },
  },
  {
    name: 'a telemetry folder that is a link',
    arrange: ({ home, temporary }) => {
      mkdirSync(home.layout.directory, { mode: 0o700 })
      execFileSync('ln', ['-s', temporary, home.layout.telemetry])
      return { lands: 'lost', counts: { 'refused: not-a-directory': 1 } }
    },
  },
  {
    name: 'a working directory that is gone',
    arrange: ({ home }) => {
      const cwd = `${home.path}/gone`
      mkdirSync(cwd)
      return {
        cwd,
        again: () => mkdirSync(cwd),
        env: { PREPARE: `process.getBuiltinModule('node:fs').rmdirSync(${JSON.stringify(cwd)})` },
        lands: 'posthog',
        proof: () => expect(existsSync(cwd)).toBe(false),
      }
    },
  },
  {
    name: 'a package whose reporter was deleted by an upgrade',
    arrange: ({ home }) => {
      const copy = copyOfPackage(home)
      rmSync(`${copy}/reporter`, { recursive: true })
      return { env: { PACKAGE: `${copy}/index.js` }, lands: 'pending' }
    },
  },
  {
    name: 'a package that an upgrade takes away while the command runs',
    arrange: ({ home }) => {
      const copy = copyOfPackage(home)
      const prepare = `process.getBuiltinModule('node:fs').rmSync(${JSON.stringify(copy)}, { recursive: true })`
      return {
        env: { PACKAGE: `${copy}/index.js`, PREPARE: prepare },
        again: () => copyOfPackage(home),
        lands: 'pending',
        proof: () => expect(existsSync(copy)).toBe(false),
      }
    },
  },
  {
    name: 'no process may be started (RLIMIT_NPROC)',
    lacks: rootOnly || (!existsSync('/usr/bin/prlimit') && 'needs prlimit'),
    arrange: ({ home, temporary }) => {
      own(home.path, NOBODY)
      own(temporary, NOBODY)
      return { uid: NOBODY, env: { PREPARE: NO_MORE_PROCESSES }, lands: 'pending' }
    },
  },
  {
    name: 'no process may be started (permission model)',
    arrange: () => ({
      nodeFlags: ['--no-warnings', permissionFlag(), '--allow-fs-read=*', '--allow-fs-write=*'],
      lands: 'pending',
    }),
  },
  {
    name: 'an endpoint that is silent',
    arrange: async () => {
      const hole = await startBlackHole()
      onTestFinished(() => hole.close())
      return {
        endpoint: hole.url,
        lands: 'pending',
        proof: () => waitUntil('it was tried', () => hole.connections() > 0).then(() => undefined),
      }
    },
  },
  {
    name: 'an endpoint that answers 500',
    arrange: ({ posthog }) => {
      posthog.respond({ status: 500 })
      return { lands: 'pending', proof: () => posthog.waitFor(() => posthog.requests.length > 0).then(() => undefined) }
    },
  },
  {
    name: 'a reporter.lock that is held',
    arrange: ({ home, posthog }) => {
      mkdirSync(home.layout.telemetry, { recursive: true, mode: 0o700 })
      writeFileSync(home.layout.reporterLock, '{"token":"x"}')
      return { lands: 'pending', proof: () => expect(posthog.connections).toBe(0) }
    },
  },
  {
    name: 'a reporter.lock that is a directory',
    arrange: ({ home }) => {
      mkdirSync(`${home.layout.reporterLock}/in/it`, { recursive: true, mode: 0o700 })
      execFileSync('touch', ['-d', '1 year ago', home.layout.reporterLock])
      return { lands: 'pending' }
    },
  },
  {
    name: 'a reporter.lock dated next year',
    arrange: ({ home }) => {
      mkdirSync(home.layout.telemetry, { recursive: true, mode: 0o700 })
      writeFileSync(home.layout.reporterLock, '{"token":"x"}')
      execFileSync('touch', ['-d', '1 year', home.layout.reporterLock])
      return { lands: 'posthog' }
    },
  },
  {
    name: 'stdout and stderr that are closed',
    arrange: () => ({ wrap: ['sh', '-c', 'exec "$@" >&- 2>&-', 'sh'], lands: 'posthog' }),
  },
]

describe.each(cases)('broken: $name', ({ lacks = false, arrange }) => {
  test.for(ENDS)('a host that ends by %s is the same with telemetry on as off', async (end, { skip }) => {
    skip(lacks !== false, String(lacks))
    const scene = await makeScene()
    const broken = await arrange(scene)

    const off = await perform(end, scene, broken, { DO_NOT_TRACK: '1' })
    broken.again?.()
    const statusFile = `${scene.temporary}/status.json`
    const on = await perform(end, scene, broken, { STATUS: statusFile })

    expect({ code: off.code, signal: off.signal }, off.stderr).toEqual(STATUS_OF[end])
    expect(on.stderr).toBe(off.stderr)
    expect(on.stdout).toBe(off.stdout)
    expect({ code: on.code, signal: on.signal }).toEqual(STATUS_OF[end])
    if (end !== 'term') expect(JSON.parse(readFileSync(statusFile, 'utf8'))).toEqual(broken.counts ?? { recorded: 1 })
    await expectEvent(end, broken, scene)
    await broken.proof?.()
  })
})

const STATUS_OF = {
  ok: { code: 0, signal: null },
  throw: { code: 1, signal: null },
  exit: { code: 3, signal: null },
  term: { code: null, signal: 'SIGTERM' },
} as const
const OUTCOME_OF = { ok: 'ok', throw: 'error', exit: 'error', term: 'terminated' } as const

async function makeScene(): Promise<Scene> {
  const posthog = await startFakePostHog()
  onTestFinished(() => posthog.close())
  const shared = process.env['AFTERWORD_TEST_HOME'] ?? '/tmp'
  if (IS_ROOT) chmodSync(shared, 0o711) // other users of the table go through it
  const temporary = mkdtempSync(join(shared, 'temporary-'))
  onTestFinished(() => rmSync(temporary, { recursive: true, force: true })) // after the home, whose reporters may work here
  const home = makeHome()
  return { home, temporary, posthog }
}

function perform(
  end: (typeof ENDS)[number],
  { home, temporary, posthog }: Scene,
  broken: Broken,
  added: Readonly<Record<string, string>>,
): Promise<Finished> {
  const all = { ...home.env({ TMPDIR: temporary, POSTHOG: broken.endpoint ?? posthog.url }), ...broken.env, ...added }
  const env = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
  const words = [...(broken.wrap ?? []), process.execPath, ...(broken.nodeFlags ?? []), PROGRAM, end]
  const as = broken.uid === undefined || !IS_ROOT ? {} : { uid: broken.uid, gid: broken.uid }
  return start(words[0] ?? '', words.slice(1), { env, ...(broken.cwd === undefined ? {} : { cwd: broken.cwd }), ...as })
    .finished
}

/** Exactly one event, saying how the host ended, where it was expected; or none anywhere. */
async function expectEvent(
  end: (typeof ENDS)[number],
  broken: Broken,
  { home, temporary, posthog }: Scene,
): Promise<void> {
  const uid = broken.uid ?? process.getuid?.() ?? 0
  const homes = [home.layout, spoolLayout(`${temporary}/acme-${uid}`)]
  if (broken.lands === 'posthog') {
    await posthog.waitFor(() => posthog.acceptedEvents.length > 0)
    expect(posthog.acceptedEvents[0]).toMatchObject({
      properties: { command_name: 'toolkit.run', outcome: OUTCOME_OF[end] },
    })
    expect(posthog.acceptedEvents).toHaveLength(1)
    return
  }
  const waiting = homes.flatMap(({ pending }) => jsonIn(pending))
  const outcomes = waiting.map((envelope) => (envelope as { properties: { outcome: string } }).properties.outcome)
  expect(outcomes).toEqual(broken.lands === 'pending' ? [OUTCOME_OF[end]] : [])
  expect(homes.flatMap(({ inFlight }) => jsonIn(inFlight))).toEqual([])
  if (broken.lands === 'lost') {
    expect(processesNaming(home.path)).toEqual([])
    expect(posthog.connections).toBe(0)
  }
}

function jsonIn(folder: string): readonly unknown[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder).map((name) => JSON.parse(lastLine(readFileSync(join(folder, name), 'utf8'))) as unknown)
}

function own(path: string, uid: number): void {
  if (IS_ROOT) chownSync(path, uid, uid)
}

/** `path` becomes a disk of 64 KiB, for the wrapped program alone. */
function fullDisk(path: string, when: 'now' | 'later'): readonly string[] {
  const fill = when === 'now' ? `dd if=/dev/zero of='${path}/filler' 2>/dev/null;` : ''
  return ['unshare', '-m', 'sh', '-c', `mount -t tmpfs -o size=64k none '${path}' && { ${fill} exec "$@"; }`, 'sh']
}

function copyOfPackage(home: Home): string {
  const copy = `${home.path}/node_modules/afterword/dist`
  cpSync(DIST, copy, { recursive: true })
  writeFileSync(`${copy}/../package.json`, '{"type":"module"}')
  return copy
}

function permissionFlag(): string {
  return process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission'
}
