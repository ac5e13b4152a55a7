import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import type { SinkEvent } from '../../src/events/event-sink.ts'
import { uuid7 } from '../../src/events/uuid7.ts'
import { NO_COUNTERS } from '../../src/session/counters-at-start.ts'
import { askOwner } from '../../src/session/owner-socket.ts'
import { runSession } from '../../src/session/run-session.ts'
import { openSessionDirectory } from '../../src/session/session-directory.ts'
import { sessionsLayout } from '../../src/session/session-layout.ts'
import type { SessionSummary } from '../../src/session/summary.ts'
import { makeHome } from '../support/home.ts'
import { waitUntil } from '../support/wait-until.ts'

const ENROLMENT = {
  pid: process.pid,
  starttime_ticks: 1,
  comm: 'node',
  start_ts: '2026-01-01T00:00:00.000Z',
  trace_status: 'full',
  expected_comm: 'node',
  counters: NO_COUNTERS,
} as const

function summaryOf(session_id: string): SessionSummary {
  return {
    session_id,
    start_ts: '2026-01-01T00:00:00.000Z',
    end_ts: '2026-01-01T00:00:02.000Z',
    duration_seconds: 2,
    exit_code: 0,
    signal: null,
    subtype: 'success',
    termination_reason: 'natural_exit',
    snapshot_count: 1,
    anomaly_count: 0,
    anomaly_kinds: [],
    peak_rss_kb: 1000,
    peak_oom_score: 666,
    peak_fd_ratio: 0.1,
    tracked_comm: 'node',
    tracked_comm_drift: false,
    tracer_target_resolution_version: 2,
    trace_status: 'full',
    recovered: false,
  }
}

function open(root: string | null) {
  const events: SinkEvent[] = []
  const sessionId = uuid7(Date.now())
  const directory = openSessionDirectory({ root, sessionId, attribution: null, sink: (event) => events.push(event) })
  onTestFinished(() => directory.close())
  return { directory, events, sessionId }
}

test('openSessionDirectory() goes from live/ to done/, hands over once, and leaves no socket', async () => {
  const root = shortFolder()
  const layout = sessionsLayout(root)
  const { directory, events, sessionId } = open(root)
  const path = `${layout.live}/${sessionId}`
  expect(await askOwner(`${path}/owner.sock`)).toBe('alive')
  directory.enrol(ENROLMENT)
  directory.append({ seq: 0 })
  expect(fs.readFileSync(`${path}/proc_trace.jsonl`, 'utf8')).toBe(
    `{"schema_version":2,"session_id":"${sessionId}"}\n{"seq":0}\n`,
  )
  expect(JSON.parse(fs.readFileSync(`${path}/session.json`, 'utf8'))).toMatchObject({
    schema_version: 2,
    session_id: sessionId,
    pid: process.pid,
    starttime_ticks: 1,
    comm: 'node',
  })
  expect([path, `${path}/session.json`, `${path}/proc_trace.jsonl`].map(modeOf)).toEqual([0o700, 0o600, 0o600])
  directory.finish(summaryOf(sessionId), [])
  directory.finish(summaryOf(sessionId), [])
  directory.close()
  expect(fs.readdirSync(layout.live)).toEqual([])
  expect(fs.readdirSync(`${layout.done}/${sessionId}`)).toEqual(['proc_trace.jsonl', 'session.json', 'summary.json'])
  expect(fs.readFileSync(layout.index, 'utf8').trim().split('\n')).toHaveLength(1)
  expect(events.map(({ uuid, event, timestamp }) => [uuid, event, timestamp])).toEqual([
    [sessionId, 'CLI session summarized', '2026-01-01T00:00:02.000Z'],
  ])
  expect(directory.degraded).toBe(null)
})

test('openSessionDirectory() a path too long for a socket has it elsewhere, by name in session.json', async () => {
  const root = `${makeHome().path}/${'deep/'.repeat(20)}sessions`
  const { directory, sessionId } = open(root)
  directory.enrol(ENROLMENT)
  const record = JSON.parse(fs.readFileSync(`${root}/live/${sessionId}/session.json`, 'utf8')) as {
    owner_socket: string
  }
  expect(await askOwner(record.owner_socket)).toBe('alive')
  directory.close()
  expect(await askOwner(record.owner_socket)).toBe('no-socket')
})

test('openSessionDirectory() never throws where nothing can be made; the event is handed over all the same', () => {
  const home = makeHome()
  fs.writeFileSync(`${home.path}/file`, '')
  for (const [root, why] of [
    [`${home.path}/file/sessions`, 'ENOTDIR'],
    ['/proc/sessions', 'ENOENT'],
    [null, 'no-directory'],
  ] as const) {
    const { directory, events, sessionId } = open(root)
    directory.enrol(ENROLMENT)
    directory.append({ seq: 0 })
    directory.finish(summaryOf(sessionId), [])
    expect([directory.degraded, events.length]).toEqual([why, 1])
  }
})

test('openSessionDirectory() a link where the sessions are to be is not written through for a trace', () => {
  const home = makeHome()
  const { directory, sessionId } = open(home.layout.sessions)
  const trace = `${home.layout.sessions}/live/${sessionId}/proc_trace.jsonl`
  // The same id again: nothing of the first is opened or cut.
  directory.append({ seq: 0 })
  const before = fs.readFileSync(trace, 'utf8')
  const second = openSessionDirectory({ root: home.layout.sessions, sessionId, attribution: null, sink: null })
  expect(second.degraded).toBe('EEXIST')
  second.append({ seq: 9 })
  expect(fs.readFileSync(trace, 'utf8')).toBe(before)
})

test('append() on a full disk closes the trace, and finish() still hands over', (ctx) => {
  const home = makeHome()
  const root = `${home.path}/small`
  fs.mkdirSync(root)
  if (!mount(root, ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs'])) return ctx.skip('no right to mount')
  const { directory, events, sessionId } = open(root)
  directory.enrol(ENROLMENT)
  for (let seq = 0; seq < 300; seq++) directory.append({ seq, filler: 'x'.repeat(400) })
  expect(directory.degraded).toBe('ENOSPC')
  directory.finish(summaryOf(sessionId), [{ kind: 'spin' }])
  expect(events).toHaveLength(1)
})

test('openSessionDirectory() on a read-only file system is degraded', (ctx) => {
  const home = makeHome()
  const root = `${home.path}/frozen`
  fs.mkdirSync(root)
  if (!mount(root, ['-t', 'tmpfs', '-o', 'ro,size=64k', 'tmpfs'])) return ctx.skip('no right to mount')
  const { directory, events, sessionId } = open(root)
  directory.finish(summaryOf(sessionId), [])
  expect([directory.degraded, events.length]).toEqual(['EROFS', 1])
})

test('runSession() keeps the bounds of a directory that no reporter ever sees', async () => {
  const home = makeHome()
  const layout = sessionsLayout(home.layout.sessions)
  const old = Array.from({ length: 505 }, (_, n) => uuid7(Date.now() - 60_000 + n))
  for (const [n, id] of old.entries()) {
    fs.mkdirSync(`${layout.done}/${id}`, { recursive: true })
    const ended = new Date(Date.now() - 50_000 + n)
    fs.utimesSync(`${layout.done}/${id}`, ended, ended)
  }
  const { sessionId } = await runSession({ command: 'true', directory: home.layout.directory })
  // 50 ms may not do on a busy machine: what is left to do, the next one does.
  await waitUntil('the oldest are gone', async () => {
    if (fs.readdirSync(layout.done).length <= 500) return true
    await runSession({ command: 'true', directory: home.layout.directory })
    return false
  })
  const left = fs.readdirSync(layout.done)
  expect(left).toContain(sessionId)
  expect(left.filter((id) => old.slice(0, 6).includes(id))).toEqual([])
  expect(left).toEqual(expect.arrayContaining(old.slice(-400)))
})

function mount(root: string, args: readonly string[]): boolean {
  try {
    execFileSync('mount', [...args, root], { stdio: 'ignore' })
  } catch {
    return false
  }
  onTestFinished(() => void execFileSync('umount', ['-l', root]))
  return true
}

/** A socket's path has 100 bytes; a test's home takes most of them. */
function shortFolder(): string {
  const path = fs.mkdtempSync('/tmp/aw-')
  onTestFinished(() => fs.rmSync(path, { recursive: true }))
  return path
}

function modeOf(path: string): number {
  return fs.statSync(path).mode & 0o777
}
