import type { Anomaly } from '../tracer/anomaly.ts'
import type { ProcSnapshot } from '../tracer/proc-snapshot.ts'
import type { TraceStatus } from './session-record.ts'
import type { SessionSummary } from './summary.ts'
import type { Termination } from './termination.ts'
import { commDrifted } from './tracked-comm.ts'
import type { ChannelConfirmation } from './watch-workload.ts'

/** What became of a session. */
export interface SessionResult {
  /** 0 to 255; 128 + n for signal n; 127 and 126 for a command that is not there or may not be run. Null: it was never started, or cannot be killed. */
  readonly returncode: number | null
  /** What ended the workload, if a signal did. */
  readonly signal: NodeJS.Signals | null
  /** False: script(1) says 128 + n for signal n, and so does a program that exits with that number by itself; or script(1) itself was killed. */
  readonly signalExact: boolean
  /** UTF-8, the last `limits.keptOutputBytes` of each. Empty where they were inherited and nobody had to read along. */
  readonly stdout: string
  readonly stderr: string
  readonly termination: Termination
  /** The workload's, never the wrapper's. Null: not started, or not resolved. */
  readonly pid: number | null
  /** UUIDv7: the name of its directory, and the uuid of its event. */
  readonly sessionId: string
  /** ISO, UTC, for display. */
  readonly startTs: string
  readonly endTs: string
  /** Of a monotonic clock. */
  readonly elapsedSeconds: number
  /** Null: it was not watched. The first was taken before the workload's first instruction. */
  readonly procSnapshots: readonly ProcSnapshot[] | null
  /** The name that the workload carried longest. Null: it was not watched. */
  readonly trackedComm: string | null
  readonly channelConfirmation: ChannelConfirmation
  readonly anomalies: readonly Anomaly[]
  readonly trace: SessionTrace
}

export interface SessionTrace {
  readonly status: TraceStatus
  /** Why it is not `full`; null when it is. */
  readonly reason: string | null
}

/** Peaks as the tracer saw them. */
export interface Peaks {
  readonly rssKb: number | null
  readonly oomScore: number | null
  readonly fdRatio: number | null
}

/** `summary.json` of a session that ended under our eyes. Pure. */
export function summaryOf(result: SessionResult, peaks: Peaks | null): SessionSummary {
  const { procSnapshots, anomalies } = result
  const succeeded =
    result.termination === 'completed' || (result.termination === 'natural_exit' && result.returncode === 0)
  return {
    session_id: result.sessionId,
    start_ts: result.startTs,
    end_ts: result.endTs,
    duration_seconds: result.elapsedSeconds,
    exit_code: result.returncode,
    signal: result.signal,
    subtype: succeeded ? 'success' : 'failed',
    termination_reason: result.termination,
    ...figuresOf(procSnapshots ?? [], anomalies, peaks),
    tracked_comm: result.trackedComm,
    tracer_target_resolution_version: 2,
    trace_status: result.trace.status,
    recovered: false,
  }
}

type Figures = Pick<
  SessionSummary,
  | 'snapshot_count'
  | 'anomaly_count'
  | 'anomaly_kinds'
  | 'peak_rss_kb'
  | 'peak_oom_score'
  | 'peak_fd_ratio'
  | 'tracked_comm_drift'
>

/** What a summary says of the rows, whoever writes it: the tracer, or a recoverer out of the file. Pure. */
export function figuresOf(
  snapshots: readonly ProcSnapshot[],
  anomalies: readonly Anomaly[],
  peaks: Peaks | null,
): Figures {
  return {
    // Not the length: in memory a long session's rows are thinned.
    snapshot_count: (snapshots.at(-1)?.seq ?? -1) + 1,
    anomaly_count: anomalies.length,
    anomaly_kinds: [...new Set(anomalies.map(({ kind }) => kind))],
    peak_rss_kb: peaks?.rssKb ?? null,
    peak_oom_score: peaks?.oomScore ?? null,
    peak_fd_ratio: peaks?.fdRatio ?? null,
    tracked_comm_drift: commDrifted(snapshots),
  }
}
