/** Every way in which a process can end while a command runs: one event that says how, and the end itself unchanged. */
import { rmSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type Home, makeHome } from '../support/home.ts'
import { type Finished, program, start } from '../support/run.ts'
import { waitUntil } from '../support/wait-until.ts'

const PROGRAM = program('ends.mjs')

interface Row {
  readonly name: string
  /** What the command does. */
  readonly body: string
  /** What the host did before it made its tracker. */
  readonly before?: string
  /** The command is begun and never finished. */
  readonly begin?: true
  /** Sent one after the other, each when stdout has said its number: `1`, `2` … */
  readonly signals?: readonly NodeJS.Signals[]
  /** How the process ends, with and without us. */
  readonly ends: number | NodeJS.Signals
  /** Of the event. */
  readonly says: {
    readonly outcome: string
    readonly exit_code?: number
    readonly signal?: string
    readonly error_class?: string
  }
  /** The process is gone before it can publish: a later command's reporter does. */
  readonly later?: true
}

/** Tells no earlier than the event loop turns: until then signals are nobody's but the system's. */
const TURN = 'await new Promise((resolve) => setImmediate(resolve))'
const HANG = `${TURN}; console.log('1'); await new Promise(() => setInterval(() => {}, 1000))`
/** Comes while JavaScript computes; whoever is still there afterwards says so. */
const INTERRUPTED = `process.getBuiltinModule('node:child_process').execFileSync('kill', ['-INT', String(process.pid)])`
const AGAIN = `let n = 1
  process.on('SIGINT', () => { if (n++ === 2) process.exit(130); console.log('2') })`
const CLEANUP = `process.once('SIGTERM', () => setTimeout(() => process.exit(143), 60))`
const LOUD = `onExit((code, signal) => console.log('exit hook', code, signal))`

const rows: readonly Row[] = [
  { name: 'returns', body: '', ends: 0, says: { outcome: 'ok', exit_code: 0 } },
  {
    name: 'returns with an exit code',
    body: 'process.exitCode = 2',
    ends: 2,
    says: { outcome: 'error', exit_code: 2 },
  },
  {
    name: 'throws',
    body: `throw new TypeError('it broke')`,
    ends: 1,
    says: { outcome: 'error', exit_code: 1, error_class: 'TypeError' },
  },
  {
    name: 'throws undefined',
    body: 'throw undefined',
    ends: 1,
    says: { outcome: 'error', exit_code: 1, error_class: 'undefined' },
  },
  {
    name: 'rejects later',
    body: `await new Promise((_, no) => setTimeout(no, 5, new RangeError('no')))`,
    ends: 1,
    says: { outcome: 'error', exit_code: 1, error_class: 'RangeError' },
  },
  {
    name: 'was aborted by its user',
    body: `throw Object.assign(new Error('aborted'), { name: 'AbortError' })`,
    ends: 1,
    says: { outcome: 'cancelled', exit_code: 1, error_class: 'AbortError' },
  },
  { name: 'process.exit()', body: 'process.exit()', ends: 0, says: { outcome: 'ok', exit_code: 0 } },
  { name: 'process.exit(3)', body: 'process.exit(3)', ends: 3, says: { outcome: 'error', exit_code: 3 } },
  {
    name: 'process.exit() after an exit code',
    body: 'process.exitCode = 4; process.exit()',
    ends: 4,
    says: { outcome: 'error', exit_code: 4 },
  },
  {
    name: 'process.exit(3) later, while it hangs',
    body: `setTimeout(() => process.exit(3), 5); ${HANG}`,
    ends: 3,
    says: { outcome: 'error', exit_code: 3 },
  },
  {
    name: "an 'exit' listener of the host's sets the exit code",
    before: `process.on('exit', () => { process.exitCode = 6 })`,
    body: 'process.exit(0)',
    ends: 6,
    says: { outcome: 'error', exit_code: 6 },
  },
  {
    name: 'uncaught exception',
    body: `setImmediate(() => { throw new SyntaxError('nobody caught it') }); ${HANG}`,
    ends: 1,
    says: { outcome: 'error', exit_code: 1, error_class: 'SyntaxError' },
  },
  {
    name: 'uncaught exception, handled with an exit by the host',
    before: `process.on('uncaughtException', () => process.exit(9))`,
    body: `setImmediate(() => { throw new SyntaxError('nobody caught it') }); ${HANG}`,
    ends: 9,
    says: { outcome: 'error', exit_code: 9, error_class: 'SyntaxError' },
  },
  {
    name: 'unhandled rejection',
    body: `void Promise.reject(new URIError('nobody handled it')); ${HANG}`,
    ends: 1,
    says: { outcome: 'error', exit_code: 1, error_class: 'URIError' },
  },
  {
    name: 'nothing left to wait for',
    body: 'await new Promise(() => {})',
    ends: 13,
    says: { outcome: 'error', exit_code: 13 },
  },
  { name: 'begun, not finished', begin: true, body: '', ends: 0, says: { outcome: 'ok', exit_code: 0 } },
  {
    name: 'begun, not finished, exit code',
    begin: true,
    body: 'process.exitCode = 5',
    ends: 5,
    says: { outcome: 'error', exit_code: 5 },
  },
  {
    name: 'begun, not finished, throws',
    begin: true,
    body: `throw new TypeError('it broke')`,
    ends: 1,
    says: { outcome: 'error', exit_code: 1, error_class: 'TypeError' },
  },
  ...(['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((signal): Row => {
    const code = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[signal]
    const outcome = signal === 'SIGINT' ? 'cancelled' : 'terminated'
    return { name: signal, body: HANG, signals: [signal], ends: signal, says: { outcome, exit_code: code, signal } }
  }),
  {
    name: 'SIGINT while it computes and has not awaited anything: it dies there and then',
    body: `${INTERRUPTED}; console.log('went on')`,
    ends: 'SIGINT',
    says: { outcome: 'crashed' },
    later: true,
  },
  {
    name: 'SIGINT while it computes at last, a command of some length: it is done, and dies',
    body: `await new Promise((resolve) => setTimeout(resolve, 30)); ${INTERRUPTED}`,
    ends: 'SIGINT',
    says: { outcome: 'ok', exit_code: 0 },
  },
  {
    name: 'SIGTERM to what was only begun',
    begin: true,
    body: HANG,
    signals: ['SIGTERM'],
    ends: 'SIGTERM',
    says: { outcome: 'terminated', exit_code: 143, signal: 'SIGTERM' },
  },
  {
    name: '"press Ctrl-C again"',
    before: AGAIN,
    body: HANG,
    signals: ['SIGINT', 'SIGINT'],
    ends: 130,
    says: { outcome: 'cancelled', exit_code: 130, signal: 'SIGINT' },
  },
  {
    name: '"press Ctrl-C again", said inside the command',
    body: `${AGAIN}; ${HANG}`,
    signals: ['SIGINT', 'SIGINT'],
    ends: 130,
    says: { outcome: 'cancelled', exit_code: 130, signal: 'SIGINT' },
  },
  {
    name: 'a first Ctrl-C is taken by once(), the second kills',
    before: `process.once('SIGINT', () => setTimeout(() => console.log('2'), 20))`,
    body: HANG,
    signals: ['SIGINT', 'SIGINT'],
    ends: 'SIGINT',
    says: { outcome: 'cancelled', exit_code: 130, signal: 'SIGINT' },
  },
  {
    name: 'Ctrl-C is refused, and the command returns',
    before: `process.on('SIGINT', () => { console.log('no'); globalThis.go() })`,
    body: `${TURN}; console.log('1'); const t = setInterval(() => {}, 1000); await new Promise((go) => { globalThis.go = go }); clearInterval(t)`,
    signals: ['SIGINT'],
    ends: 0,
    says: { outcome: 'ok', exit_code: 0 },
  },
  {
    name: 'cleans up after SIGTERM, then exits',
    before: CLEANUP,
    body: HANG,
    signals: ['SIGTERM'],
    ends: 143,
    says: { outcome: 'terminated', exit_code: 143, signal: 'SIGTERM' },
  },
  {
    name: 'exits at once on SIGTERM',
    before: `process.on('SIGTERM', () => process.exit(0))`,
    body: HANG,
    signals: ['SIGTERM'],
    ends: 0,
    says: { outcome: 'ok', exit_code: 0 },
  },
  ...(['SIGINT', 'SIGTERM', 'SIGHUP'] as const).flatMap((signal) =>
    (['before', 'inside'] as const).map((when): Row => {
      const code = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[signal]
      return {
        name: `${signal} with signal-exit, loaded ${when}`,
        ...(when === 'before' ? { before: LOUD, body: HANG } : { body: `${LOUD}; ${HANG}` }),
        signals: [signal],
        ends: signal,
        says: { outcome: signal === 'SIGINT' ? 'cancelled' : 'terminated', exit_code: code, signal },
        later: true,
      }
    }),
  ),
  {
    name: 'process.exit(3) with signal-exit',
    before: LOUD,
    body: 'process.exit(3)',
    ends: 3,
    says: { outcome: 'error', exit_code: 3 },
  },
  { name: 'SIGKILL', body: HANG, signals: ['SIGKILL'], ends: 'SIGKILL', says: { outcome: 'crashed' }, later: true },
  { name: 'SIGQUIT', body: HANG, signals: ['SIGQUIT'], ends: 'SIGQUIT', says: { outcome: 'crashed' }, later: true },
  {
    name: 'process.reallyExit()',
    body: 'process.reallyExit(7)',
    ends: 7,
    says: { outcome: 'crashed' },
    later: true,
  },
]

describe('a command that ends by itself, by its host or by a signal', () => {
  test.each(rows)('$name: one event, and the end is the bare program’s', async (row) => {
    const home = makeHome()
    const bare = await perform(row, home, { BARE: '1' })
    const tracked = await perform(row, home, {})
    expect(endOf(bare), bare.stderr).toBe(row.ends)
    expect(endOf(tracked), tracked.stderr).toBe(row.ends)
    expect(tracked.stdout).toBe(bare.stdout)

    if (row.later === true) {
      expect(home.pending()).toEqual([])
      expect(home.inFlight()).toHaveLength(1)
      await later(home)
    }
    expect(home.inFlight()).toEqual([])
    const events = home.pending().filter((envelope) => envelope.properties['command_name'] === 'toolkit.run')
    expect(events).toHaveLength(1)
    const properties = events[0]?.properties ?? {}
    const { outcome, exit_code, signal, error_class } = properties
    expect(defined({ outcome, exit_code, signal, error_class })).toEqual(row.says)
    expect(events[0]?.event).toBe(row.says.outcome === 'ok' ? 'CLI execution succeeded' : 'CLI execution failed')
    expect(typeof properties['duration']).toBe(row.says.outcome === 'crashed' ? 'undefined' : 'number')
  })
})

test('an in-flight record of a living process is left alone, and is `crashed` once it is killed', async () => {
  const home = makeHome()
  const living = start(process.execPath, [PROGRAM, HANG], { env: home.env() })
  await living.said('1')
  await later(home)
  await home.quiet() // that reporter has looked, and looked again at its end
  expect(home.inFlight()).toMatchObject([{ state: 'begun', process: { pid: living.pid } }])
  expect(home.pending()).toHaveLength(1)
  living.child.kill('SIGKILL')
  await living.finished
  await later(home)
  expect(home.inFlight()).toEqual([])
  const outcomes = home.pending().map((envelope) => envelope.properties['outcome'])
  expect(outcomes.map(String).sort((a, b) => a.localeCompare(b))).toEqual(['crashed', 'ok', 'ok'])
})

async function perform(row: Row, home: Home, how: Readonly<Record<string, string>>): Promise<Finished> {
  const env = home.env({ ...how, BEFORE: row.before ?? '', ...(row.begin === true ? { BEGIN: '1' } : {}) })
  const running = start(process.execPath, [PROGRAM, row.body], { env })
  for (const [index, signal] of (row.signals ?? []).entries()) {
    await running.said(String(index + 1))
    running.child.kill(signal)
  }
  return running.finished
}

/** A healthy command: its reporter adopts the dead before it sends. The endpoint refuses, so that everything can be looked at. */
async function later(home: Home): Promise<void> {
  await waitUntil('no reporter holds the lock', () => !home.files().includes('telemetry/reporter.lock'))
  rmSync(home.layout.backoff, { force: true }) // or no reporter would be asked for
  const { code, stderr } = await start(process.execPath, [program('command.mjs'), 'ok', '', 'later'], {
    env: home.env(),
  }).finished
  expect(code, stderr).toBe(0)
  await waitUntil('a reporter has looked', () => home.files().includes('telemetry/backoff.json'))
}

function endOf({ code, signal }: Finished): number | NodeJS.Signals | null {
  return signal ?? code
}

function defined(values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}
