/** A tracer killed at a hundred moments of a session's whole life: after every change that it makes on disk, and at random. */
import fs from 'node:fs'
import { expect, test } from 'vitest'
import type { SinkEvent } from '../../src/events/event-sink.ts'
import { readTrace } from '../../src/session/read-trace.ts'
import { recoverSessions } from '../../src/session/recovery.ts'
import { sessionsLayout } from '../../src/session/session-layout.ts'
import { parseSessionRecord } from '../../src/session/session-record.ts'
import { parseSummary } from '../../src/session/summary.ts'
import { cleanEnvironment } from '../support/environment.ts'
import { makeHome } from '../support/home.ts'
import { expectNobodyLeft } from '../support/processes.ts'
import { program, start } from '../support/run.ts'

const KILLS = 100
const AT_A_TIME = 3

/** `change`: after that many changes of files, 0 is never; `from`: the first that counts. `ms`: so long after it began. */
type Moment = { readonly change: number; readonly from?: string } | { readonly ms: number }

const PHASES = ['before', 'begun', 'gate', 'running', 'draining', 'told', 'done'] as const

interface Killed {
  readonly home: string
  readonly moment: Moment
  /** How far it had come. */
  readonly phase: (typeof PHASES)[number]
  /** Null: it was not enrolled. */
  readonly sessionId: string | null
}

async function lifeOf(home: string, moment: Moment): Promise<{ readonly ms: number; readonly endedAt: number }> {
  fs.mkdirSync(home)
  const preload = { NODE_OPTIONS: `--require=${program('kill-at.cjs')}` }
  const running = start(process.execPath, [program('session-life.mjs')], {
    env: cleanEnvironment(home, {
      ...('change' in moment ? { ...preload, KILL_AT: String(moment.change), KILL_FROM: moment.from ?? '' } : {}),
    }),
  })
  const ended = new Promise<number>((resolve) => running.child.once('exit', () => resolve(Date.now())))
  await running.said('up')
  const upAt = performance.now()
  if ('ms' in moment) setTimeout(() => running.child.kill('SIGKILL'), moment.ms)
  const endedAt = await ended
  return { ms: performance.now() - upAt, endedAt }
}

async function killed(home: string, moment: Moment): Promise<Killed> {
  const { endedAt } = await lifeOf(home, moment)
  const { live, done } = sessionsLayout(`${home}/.acme/telemetry/sessions`)
  const [living, over] = [live, done].map((folder) => (fs.existsSync(folder) ? fs.readdirSync(folder) : []))
  const path = over?.[0] !== undefined ? `${done}/${over[0]}` : `${live}/${living?.[0]}`
  const record =
    fs.existsSync(`${path}/session.json`) && parseSessionRecord(fs.readFileSync(`${path}/session.json`, 'utf8'))
  const at = { home, moment, sessionId: null }
  if (!record) return { ...at, phase: 'before' }
  if (record.kind !== 'record') throw new Error(`session.json is ${record.kind} after ${JSON.stringify(moment)}`)
  const { session_id: sessionId, pid } = record.record
  const phase = (): Killed['phase'] => {
    if (over?.[0] !== undefined) return 'done'
    if (fs.existsSync(`${path}/summary.json`)) return 'told'
    if (pid === null) return 'begun'
    if (readTrace(`${path}/proc_trace.jsonl`).snapshots.length < 2) return 'gate'
    // It may have ended since, without a tracer.
    const workload = fs.statSync(`${home}/ended`, { throwIfNoEntry: false })
    return workload !== undefined && workload.mtimeMs <= endedAt ? 'draining' : 'running'
  }
  return { ...at, sessionId, phase: phase() }
}

test(`recoverSessions() speaks once for each session whose tracer was killed, at ${KILLS} moments of its life`, async (ctx) => {
  if (process.platform !== 'linux') return ctx.skip('needs /proc')
  const { path } = makeHome()
  // The shortest of three: a busy moment would stretch the range of random ones beyond most lives.
  const whole = [await lifeOf(`${path}/whole`, { change: 0 })]
  for (const again of ['again', 'and-again']) whole.push(await lifeOf(`${path}/${again}`, { change: 0 }))
  const ms = Math.min(...whole.map((life) => life.ms))
  const changes = fs.readFileSync(`${path}/whole/changes`, 'utf8').trim().split('\n')
  // How many rows it writes depends on the machine: what comes after them is counted from there.
  const last = changes.findIndex((change) => change.includes('summary.json'))
  const moments = Array.from({ length: KILLS }, (_, n): Moment => {
    if (n < last) return { change: n + 1 }
    return n < changes.length ? { change: n + 1 - last, from: 'summary.json' } : { ms: Math.random() * ms }
  })
  const lives: Killed[] = []
  const inTurn = async (): Promise<void> => {
    for (let next = moments.shift(); next !== undefined; next = moments.shift())
      lives.push(await killed(`${path}/${moments.length}`, next))
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, inTurn))
  // A workload outlives its tracer: what it has done is known when it is over.
  await expectNobodyLeft(path)

  const events: SinkEvent[] = []
  const sink = (event: SinkEvent): void => void events.push(event)
  for (const { home, moment, phase, sessionId } of lives) {
    const directory = `${home}/.acme`
    const told = JSON.stringify({ moment, phase })
    const { done } = sessionsLayout(`${directory}/telemetry/sessions`)
    const before = events.length
    const counts = await recoverSessions({ directory, sink, budgetMs: 60_000 })
    await recoverSessions({ directory, sink, budgetMs: 60_000 })
    const spoken = events.slice(before).map(({ uuid }) => uuid)
    if (sessionId === null) {
      // Nobody will ever hear of it: then nothing may have happened.
      expect([spoken, fs.existsSync(`${home}/begun`), fs.existsSync(done)], told).toEqual([[], false, false])
      continue
    }
    expect(spoken, told).toEqual(phase === 'done' ? [] : [sessionId])
    expect(counts, told).toEqual(phase === 'done' ? {} : phase === 'told' ? { finished: 1 } : { recovered: 1 })
    expect(fs.readdirSync(done), told).toEqual([sessionId])
    const record = JSON.parse(fs.readFileSync(`${done}/${sessionId}/session.json`, 'utf8')) as { start_ts: string }
    const isRecovered = phase !== 'done' && phase !== 'told'
    expect(parseSummary(fs.readFileSync(`${done}/${sessionId}/summary.json`, 'utf8')), told).toMatchObject({
      session_id: sessionId,
      start_ts: record.start_ts,
      recovered: isRecovered,
      ...(isRecovered ? { subtype: 'crashed', exit_code: -1, termination_reason: 'crashed' } : { subtype: 'success' }),
    })
  }
  const count = (phase: Killed['phase']): number => lives.filter((life) => life.phase === phase).length
  const counted = PHASES.map((phase) => `${phase} ${count(phase)}`).join(', ')
  console.log(`killed: ${counted}; ${changes.length} changes, ${Math.round(ms)} ms`)
  expect(lives.filter(({ sessionId }) => sessionId !== null).length, counted).toBeGreaterThanOrEqual(40)
  expect(
    PHASES.filter((phase) => count(phase) === 0),
    counted,
  ).toEqual([])
})
