import { expect, test } from 'vitest'
import { NO_COUNTERS } from '../../src/session/counters-at-start.ts'
import { isAlien, type Left, recoveredSummary } from '../../src/session/recovered-summary.ts'
import type { SessionRecord } from '../../src/session/session-record.ts'
import type { ProcSnapshot } from '../../src/tracer/proc-snapshot.ts'
import { row, rows } from '../tracer/row.ts'

const TRACER = { pid: 41, start_ticks: 1, boot_id: 'b', pid_namespace: null, host_name: 'h' }
const record: SessionRecord = {
  schema_version: 2,
  session_id: '01900000-0000-7000-8000-000000000001',
  pid: 42,
  starttime_ticks: 4200,
  comm: 'sh',
  expected_comm: 'make',
  boot_id: 'b',
  enrolled_at: '2023-11-14T22:13:19.500Z',
  start_ts: '2023-11-14T22:13:19.000Z',
  pid_namespace: null,
  host_name: 'h',
  tracer: TRACER,
  owner_socket: null,
  counters: NO_COUNTERS,
  trace_status: 'full',
  attribution: null,
}

function left(...snapshots: readonly ProcSnapshot[]): Left {
  return { record, trace: { sessionId: record.session_id, snapshots }, counters: null }
}

const shim = row(0, { comm: 'sh', vm_rss_kb: 1000, vm_hwm_kb: 1000 })

test('recoveredSummary() does not take the row before the gate for the workload', () => {
  const { summary, anomalies } = recoveredSummary(left(shim, row(1, { comm: 'make', exec_seq: 1 })), 'crashed')
  expect(summary).toMatchObject({
    tracked_comm: 'make',
    tracked_comm_drift: false,
    snapshot_count: 2,
    anomaly_count: 0,
  })
  expect(anomalies).toEqual([])
})

test('recoveredSummary() names a workload that nobody looked at again by its file, and one that was not resolved not at all', () => {
  expect(recoveredSummary(left(shim), 'crashed').summary.tracked_comm).toBe('make')
  const unresolved = {
    ...left(),
    record: { ...record, pid: null, starttime_ticks: null, comm: null, expected_comm: null },
  }
  expect(recoveredSummary(unresolved, 'crashed').summary).toMatchObject({
    tracked_comm: null,
    snapshot_count: 0,
    peak_rss_kb: null,
    end_ts: record.enrolled_at,
    duration_seconds: 0.5,
  })
})

test('recoveredSummary() counts episodes that lasted, once each', () => {
  const stopped = rows(30, (seq) => (seq > 2 ? { state: 'stopped', exec_seq: 1 } : { exec_seq: 1 }))
  const { summary, anomalies } = recoveredSummary(left(...stopped), 'tracer_lost')
  expect(summary).toMatchObject({ anomaly_count: 1, anomaly_kinds: ['stopped'], termination_reason: 'tracer_lost' })
  expect(anomalies).toMatchObject([{ kind: 'stopped', seq: 13, closed_at: null }])
})

test.each([
  ['a crash', 139, ['crash_signal'], 'SIGSEGV'],
  ['an exit', 7 << 8, [], null],
])('recoveredSummary() says what its zombie said: %s', (_, wait_status, kinds, signal) => {
  const { summary } = recoveredSummary(left(shim, row(1, { exec_seq: 1, state: 'zombie', wait_status })), 'crashed')
  expect(summary).toMatchObject({ anomaly_kinds: kinds, signal, exit_code: -1, subtype: 'crashed' })
})

test('isAlien() is a trace of another session, or of another process', () => {
  const { trace } = left(shim)
  expect(isAlien(record, trace)).toBe(false)
  expect(isAlien(record, { sessionId: null, snapshots: [] })).toBe(false)
  expect(isAlien(record, { ...trace, sessionId: 'another' })).toBe(true)
  expect(isAlien({ ...record, starttime_ticks: 4201 }, trace)).toBe(true)
  expect(isAlien({ ...record, starttime_ticks: null }, trace)).toBe(false)
})
