/** `summary.json`: how a session ended and what it used; and the event that says so. Pure. */
import type { EventProperties } from '../events/catalogue.ts'
import type { Attribution, SinkEvent } from '../events/event-sink.ts'
import { fitsAny } from '../events/fits-any.ts'
import type { ShapeValues } from '../events/shapes.ts'
import type { TraceStatus } from './session-record.ts'

export interface SessionSummary {
  readonly session_id: string
  readonly start_ts: string
  readonly end_ts: string
  /** Monotonic where it was measured; of a recovered session from start to its last sign of life. */
  readonly duration_seconds: number
  /** -1 if nobody saw it end. */
  readonly exit_code: number | null
  readonly signal: string | null
  /** `success`, `failed`, or `crashed` for what was recovered. */
  readonly subtype: ShapeValues['session_subtype']
  readonly termination_reason: ShapeValues['termination']
  readonly snapshot_count: number
  readonly anomaly_count: number
  readonly anomaly_kinds: readonly string[]
  /** Peaks are null where nothing could be read. */
  readonly peak_rss_kb: number | null
  readonly peak_oom_score: number | null
  readonly peak_fd_ratio: number | null
  readonly tracked_comm: string | null
  /** More than one name was seen. */
  readonly tracked_comm_drift: boolean
  readonly tracer_target_resolution_version: 2
  readonly trace_status: TraceStatus
  /** True: the tracer was gone, and somebody else wrote this. */
  readonly recovered: boolean
}

/** The event of a summary. Its uuid is the session's id: whoever sends it again, sends the same event. Command line and paths are not in it. */
export function sessionSummarized(summary: SessionSummary, attribution: Attribution | null): SinkEvent {
  const { exit_code, signal, peak_rss_kb, peak_oom_score, peak_fd_ratio, tracked_comm } = summary
  const properties: EventProperties<'CLI session summarized'> = {
    $geoip_disable: true,
    $ip: null,
    duration: Math.max(0, Math.round(summary.duration_seconds * 100_000) / 100),
    ...(exit_code === null ? {} : { exit_code }),
    ...(signal !== null && fitsAny('process_signal', signal) ? { signal } : {}),
    subtype: summary.subtype,
    termination_reason: summary.termination_reason,
    snapshot_count: summary.snapshot_count,
    anomaly_count: summary.anomaly_count,
    anomaly_kinds: summary.anomaly_kinds.filter((kind) => fitsAny('anomaly_kinds', [kind])).slice(0, 32),
    ...(peak_rss_kb === null ? {} : { peak_rss_kb }),
    ...(peak_oom_score === null ? {} : { peak_oom_score }),
    ...(peak_fd_ratio === null ? {} : { peak_fd_ratio }),
    ...(tracked_comm === null ? {} : { tracked_comm: fitsAny('comm', tracked_comm) ? tracked_comm : '(other)' }),
    tracked_comm_drift: summary.tracked_comm_drift,
    trace_status: summary.trace_status,
    recovered: summary.recovered,
  }
  return {
    event: 'CLI session summarized',
    uuid: summary.session_id,
    timestamp: summary.end_ts,
    properties,
    attribution,
  }
}

export function parseSummary(text: string): SessionSummary | null {
  try {
    const value = JSON.parse(text) as Partial<SessionSummary> | null
    return typeof value === 'object' &&
      value !== null &&
      typeof value.session_id === 'string' &&
      !Number.isNaN(Date.parse(String(value.end_ts))) &&
      typeof value.termination_reason === 'string' &&
      typeof value.duration_seconds === 'number' &&
      Array.isArray(value.anomaly_kinds)
      ? (value as SessionSummary)
      : null
  } catch {
    return null
  }
}
