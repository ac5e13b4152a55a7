import fs from 'node:fs'
import { expect, test } from 'vitest'
import type { SinkEvent } from '../../src/events/event-sink.ts'
import { uuid7 } from '../../src/events/uuid7.ts'
import { recoverSessions } from '../../src/session/recovery.ts'
import { sessionsLayout } from '../../src/session/session-layout.ts'
import type { SessionRecord } from '../../src/session/session-record.ts'
import { parseSummary } from '../../src/session/summary.ts'
import { type Home, makeHome } from '../support/home.ts'
import { pidAgain } from '../support/pid-again.ts'
import { program, type Running, start } from '../support/run.ts'

const DAY_MS = 24 * 3_600_000

interface Owner {
  readonly sessionId: string
  readonly running: Running
}

function startOwner(home: Home, ...more: readonly string[]): Owner {
  const sessionId = uuid7(Date.now())
  const args = [program('session-owner.mjs'), home.layout.sessions, sessionId, ...more]
  return { sessionId, running: start(process.execPath, args, { env: home.env() }) }
}

async function killedOwner(home: Home, ...more: readonly string[]): Promise<string> {
  const { sessionId, running } = startOwner(home, ...more)
  await running.said('ready null')
  running.child.kill('SIGKILL')
  await running.finished
  return sessionId
}

async function recover(home: Home, more: { now?: () => number; budgetMs?: number } = {}) {
  const events: SinkEvent[] = []
  const sink = (event: SinkEvent): void => void events.push(event)
  const options = { directory: home.layout.directory, sink, sessionsMax: 1000, budgetMs: 60_000, ...more }
  return { counts: await recoverSessions(options), events, layout: sessionsLayout(home.layout.sessions) }
}

test('recoverSessions() three processes at once with many directories: each session once', async () => {
  const home = makeHome()
  const layout = sessionsLayout(home.layout.sessions)
  const first = await killedOwner(home)
  // As if as many tracers had been killed.
  const ids = [first, ...Array.from({ length: 200 }, () => uuid7(Date.now()))]
  for (const id of ids.slice(1)) {
    fs.mkdirSync(`${layout.live}/${id}`, { mode: 0o700 })
    for (const name of ['session.json', 'proc_trace.jsonl']) {
      const text = fs.readFileSync(`${layout.live}/${first}/${name}`, 'utf8')
      fs.writeFileSync(`${layout.live}/${id}/${name}`, text.replaceAll(first, id))
    }
  }
  const recoverers = [1, 2, 3].map(() =>
    start(process.execPath, [program('recover-sessions.mjs'), home.layout.directory], { env: home.env(), open: true }),
  )
  await Promise.all(recoverers.map((each) => each.said('ready\n')))
  for (const { child } of recoverers) child.stdin?.end()
  const ends = await Promise.all(recoverers.map(({ finished }) => finished))
  const spoken = ends.map(({ stdout }) => stdout.split('\n').slice(1, -1))
  expect(spoken.flat().sort()).toEqual([...ids].sort())
  expect(fs.readdirSync(layout.done).sort()).toEqual([...ids].sort())
  expect(spoken.filter((each) => each.length > 0).length, 'they were at it together').toBeGreaterThan(1)
})

test('recoverSessions() skips a live tracer, also a stopped one, and recovers the two dead of three', async () => {
  const home = makeHome()
  const dead = [await killedOwner(home), await killedOwner(home)]
  const { sessionId, running } = startOwner(home)
  await running.said('ready null')
  running.child.kill('SIGSTOP')
  const { counts, events } = await recover(home)
  expect([counts, events.map(({ uuid }) => uuid).sort()]).toEqual([{ recovered: 2, live: 1 }, dead.sort()])
  running.child.kill('SIGCONT')
  expect((await recover(home)).counts).toEqual({ live: 1 })
  expect(fs.existsSync(`${home.layout.sessions}/live/${sessionId}/session.json`)).toBe(true)
})

test('recoverSessions() without its socket a tracer is told by pid and start ticks', async () => {
  const home = makeHome()
  const { sessionId, running } = startOwner(home)
  await running.said('ready null')
  const record = fs.readFileSync(`${home.layout.sessions}/live/${sessionId}/session.json`, 'utf8')
  fs.unlinkSync((JSON.parse(record) as { owner_socket: string }).owner_socket) // so long a path has it elsewhere
  expect((await recover(home)).counts).toEqual({ live: 1 })
  running.child.kill('SIGKILL')
  await running.finished
  expect((await recover(home)).counts).toEqual({ recovered: 1 })
})

test.for(['with its socket', 'without'])(
  'recoverSessions() the number of a dead tracer is another process’s: recovered (%s)',
  async (how, ctx) => {
    const home = makeHome()
    const { sessionId, running } = startOwner(home)
    await running.said('ready null')
    const { tracer, owner_socket } = JSON.parse(
      fs.readFileSync(`${home.layout.sessions}/live/${sessionId}/session.json`, 'utf8'),
    ) as SessionRecord
    if (how === 'without') fs.unlinkSync(owner_socket ?? '')
    expect(tracer.pid).toBe(running.pid)
    const outcome = await pidAgain(running, tracer.start_ticks ?? 0)
    if (outcome !== 'reused') return ctx.skip(outcome)
    process.kill(running.pid, 0)
    // The target was the same process: it is not taken for a workload that lives on either.
    const { counts, events } = await recover(home)
    expect([counts, events.map(({ uuid }) => uuid)]).toEqual([{ recovered: 1 }, [sessionId]])
  },
)

test('recoverSessions() a workload that outlives its tracer is tracer_lost, and left alone', async () => {
  const home = makeHome()
  const workload = start(process.execPath, ['-e', 'console.log("up"); setInterval(() => {}, 1000)'], {
    env: home.env(),
  })
  await workload.said('up')
  const id = await killedOwner(home, 'null', String(workload.pid))
  const { counts, layout } = await recover(home)
  expect(counts).toEqual({ tracer_lost: 1 })
  expect(parseSummary(fs.readFileSync(`${layout.done}/${id}/summary.json`, 'utf8'))?.termination_reason).toBe(
    'tracer_lost',
  )
  expect(workload.child.exitCode).toBe(null)
  process.kill(workload.pid, 0)
})

test('recoverSessions() foreign, torn, symlinked, newer and other-boot directories each get their verdict', async () => {
  const home = makeHome()
  const live = `${home.layout.sessions}/live`
  const edit = async (change: (path: string, record: Record<string, unknown>) => void): Promise<string> => {
    const id = await killedOwner(home)
    const path = `${live}/${id}`
    const record = JSON.parse(fs.readFileSync(`${path}/session.json`, 'utf8')) as Record<string, unknown>
    change(path, record)
    return id
  }
  const write = (path: string, record: unknown): void =>
    fs.writeFileSync(`${path}/session.json`, JSON.stringify(record))
  await edit((path) => fs.writeFileSync(`${path}/session.json`, '{"schema_version":2,'))
  await edit((path, record) => write(path, { ...record, schema_version: 3 }))
  await edit((path) => fs.chmodSync(path, 0o777))
  const reboot = await edit((path, record) =>
    write(path, { ...record, boot_id: 'before', tracer: { ...(record['tracer'] as object), boot_id: 'before' } }),
  )
  await edit((path, record) =>
    write(path, {
      ...record,
      boot_id: 'x',
      tracer: { ...(record['tracer'] as object), boot_id: 'x', host_name: 'another' },
    }),
  )
  const alien = await edit((path) => fs.writeFileSync(`${path}/proc_trace.jsonl`, '{"session_id":"another"}\n'))
  await edit((path, record) => write(path, { ...record, session_id: uuid7(Date.now()) }))
  const tornTail = await edit((path) => fs.appendFileSync(`${path}/proc_trace.jsonl`, '{"seq": 9, "captured_at": "20'))
  fs.symlinkSync(home.path, `${live}/${uuid7(Date.now())}`)
  fs.mkdirSync(`${live}/${uuid7(Date.now())}`)
  fs.writeFileSync(`${live}/notes.txt`, 'not ours')
  const { counts, layout, events } = await recover(home)
  expect(counts).toEqual({
    torn: 1,
    future_schema: 1,
    foreign: 2,
    reboot: 1,
    elsewhere: 1,
    alien: 2,
    recovered: 1,
    symlink: 1,
    too_young: 1,
  })
  expect(events.map(({ uuid }) => uuid).sort()).toEqual([reboot, tornTail].sort())
  expect(fs.readdirSync(layout.quarantine)).toEqual([alien])
  // A day later: set aside, nothing deleted; what is a newer version's stays.
  const later = await recover(home, { now: () => Date.now() + DAY_MS + 60_000 })
  expect(later.counts).toEqual({
    torn: 1,
    future_schema: 1,
    foreign: 2,
    reboot: 1,
    alien: 1,
    symlink: 1,
    not_enrolled: 1,
  })
  expect(fs.readdirSync(layout.live)).toHaveLength(1)
  expect(fs.readdirSync(layout.quarantine)).toHaveLength(7)
})

test('recoverSessions() that gets no processor until its time is over still recovers one, and no more', async () => {
  const home = makeHome()
  const dead = [await killedOwner(home), await killedOwner(home)]
  let nowMs = Date.now()
  const { counts, layout } = await recover(home, { budgetMs: 1000, now: () => (nowMs += 5_000) })
  expect(counts).toEqual({ recovered: 1 })
  expect([fs.readdirSync(layout.done), fs.readdirSync(layout.live)]).toEqual([dead.slice(0, 1), dead.slice(1)])
})

test('recoverSessions() a recoverer killed after its claim is followed by another, a minute later', async () => {
  const home = makeHome()
  const id = await killedOwner(home)
  const layout = sessionsLayout(home.layout.sessions)
  fs.mkdirSync(layout.recovering)
  fs.renameSync(`${layout.live}/${id}`, `${layout.recovering}/${id}.999999`)
  expect((await recover(home)).counts).toEqual({})
  const { counts, events } = await recover(home, { now: () => Date.now() + 61_000 })
  expect([counts, events.map(({ uuid }) => uuid)]).toEqual([{ recovered: 1 }, [id]])
})

test('recoverSessions() a session whose owner died between its summary and the rename is handed over as it was', async () => {
  const home = makeHome()
  const id = await killedOwner(home)
  const { layout, events } = await recover(home)
  const summary = fs.readFileSync(`${layout.done}/${id}/summary.json`, 'utf8').replace('"crashed"', '"timed_out"')
  fs.renameSync(`${layout.done}/${id}`, `${layout.live}/${id}`)
  fs.writeFileSync(`${layout.live}/${id}/summary.json`, summary)
  const again = await recover(home)
  expect(again.counts).toEqual({ finished: 1 })
  expect(again.events[0]?.uuid).toBe(events[0]?.uuid)
  expect(fs.readFileSync(`${layout.done}/${id}/summary.json`, 'utf8')).toBe(summary)
})
