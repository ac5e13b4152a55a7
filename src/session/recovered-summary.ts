/** What a recoverer says of a session that it has not seen: its own id, its true start, its last sign of life. */
import { figuresOf, type Trace } from './read-trace.ts'
import type { SessionRecord } from './session-record.ts'
import type { SessionSummary } from './summary.ts'

/** Pure. Its end is the last sign of life: the same, whoever recovers it and whenever. */
export function recoveredSummary(
  record: SessionRecord,
  trace: Trace,
  termination: SessionSummary['termination_reason'],
): SessionSummary {
  const figures = figuresOf(trace.rows)
  const last = trace.rows.findLast((row) => !Number.isNaN(Date.parse(String(row['captured_at']))))
  const end = last === undefined ? record.enrolled_at : String(last['captured_at'])
  const kinds = trace.rows.flatMap(({ event, kind }) => (event === 'anomaly' && typeof kind === 'string' ? [kind] : []))
  return {
    session_id: record.session_id,
    start_ts: record.start_ts,
    end_ts: new Date(end).toISOString(),
    duration_seconds: Math.max(0, (Date.parse(end) - Date.parse(record.start_ts)) / 1000),
    exit_code: -1,
    signal: null,
    subtype: 'crashed',
    termination_reason: termination,
    anomaly_count: kinds.length,
    anomaly_kinds: [...new Set(kinds)],
    ...figures,
    tracked_comm: figures.tracked_comm ?? record.comm,
    tracer_target_resolution_version: 2,
    trace_status: record.trace_status,
    recovered: true,
  }
}

/** The trace begins with another session's id, or its first look was at another process. Pure. */
export function isAlien(record: SessionRecord, trace: Trace): boolean {
  if (trace.sessionId !== null && trace.sessionId !== record.session_id) return true
  const first = trace.rows.find((row) => typeof row['starttime_ticks'] === 'number')
  return record.starttime_ticks !== null && first !== undefined && first['starttime_ticks'] !== record.starttime_ticks
}
