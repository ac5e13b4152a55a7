/**
 * What a recoverer says of a session that it has not seen: its own id, its true start, its last sign of life, and the anomalies that
 * its rows show by the same rules as ever. Pure.
 */
import { constants } from 'node:os'
import type { Anomaly } from '../tracer/anomaly.ts'
import { detectAnomalies } from '../tracer/anomalies.ts'
import type { AnomalyContext } from '../tracer/anomaly-context.ts'
import { judgeOomKill } from '../tracer/ending-anomalies.ts'
import { NO_PEAKS, peaksWith } from '../tracer/peaks.ts'
import { guessSignal } from './pty.ts'
import type { Trace } from './read-trace.ts'
import type { SessionRecord } from './session-record.ts'
import { figuresOf } from './session-result.ts'
import type { SessionSummary } from './summary.ts'
import { trackedCommOf } from './tracked-comm.ts'

export interface Recovered {
  readonly summary: SessionSummary
  readonly anomalies: readonly Anomaly[]
}

/** What it left. */
export interface Left {
  readonly record: SessionRecord
  readonly trace: Trace
  /** At its start and now; null after a reboot, when they began anew. */
  readonly counters: AnomalyContext['counters'] | null
}

/** Its end is the last sign of life: the same, whoever recovers it and whenever. */
export function recoveredSummary(left: Left, termination: SessionSummary['termination_reason']): Recovered {
  const { record, trace } = left
  const { snapshots } = trace
  const end = seenEnd(trace)
  const anomalies = detectAnomalies(snapshots, {
    ...(record.pid === null
      ? {}
      : { target: { pid: record.pid, comm: record.comm ?? '', starttimeTicks: record.starttime_ticks ?? 0 } }),
    memoryLimitKb: record.counters.memory_limit_kb,
    ...end,
    // Where it was killed for memory nobody saw the signal, but there is one only.
    ...(termination === 'oom_killed' && left.counters ? { signal: 'SIGKILL', counters: left.counters } : {}),
  })
  const endTs = snapshots.at(-1)?.captured_at ?? record.enrolled_at
  const summary: SessionSummary = {
    session_id: record.session_id,
    start_ts: record.start_ts,
    end_ts: new Date(endTs).toISOString(),
    duration_seconds: Math.max(0, (Date.parse(endTs) - Date.parse(record.start_ts)) / 1000),
    exit_code: -1,
    signal: end?.signal ?? null,
    subtype: 'crashed',
    termination_reason: termination,
    ...figuresOf(snapshots, anomalies, snapshots.reduce(peaksWith, NO_PEAKS)),
    tracked_comm: trackedCommOf(snapshots, record.expected_comm ?? '', null) || record.comm,
    tracer_target_resolution_version: 2,
    trace_status: record.trace_status,
    recovered: true,
  }
  return { summary, anomalies }
}

/** The trace begins with another session's id, or its first look was at another process. */
export function isAlien(record: SessionRecord, { sessionId, snapshots: [first] }: Trace): boolean {
  if (sessionId !== null && sessionId !== record.session_id) return true
  return record.starttime_ticks !== null && first !== undefined && first.starttime_ticks !== record.starttime_ticks
}

/**
 * Whether it was killed for memory, which mostly nobody saw. If its last row is its zombie, its signal is known, and the rule is that
 * of every session. If not, a kill that its own cgroup counted since its start is taken for its end: it may have been another
 * process's of the same cgroup, or a later one. The machine's count alone says nothing of it.
 */
export function judgeRecoveredOom({ trace, counters }: Left): 'confirmed' | 'probable' | null {
  if (!counters) return null
  const end = seenEnd(trace)
  if (end !== null) return judgeOomKill({ ...end, counters })
  return judgeOomKill({
    signal: 'SIGKILL',
    counters: { ...counters, end: counters.end && { ...counters.end, oomKillMachine: null } },
  })
}

/** How it ended, if its tracer still saw it as a zombie: a wait status is a signal, or an exit code above eight bits. */
function seenEnd({ snapshots }: Trace): { readonly exitCode: number | null; readonly signal: string | null } | null {
  const status = snapshots.at(-1)?.wait_status ?? null
  if (status === null) return null
  const signal = status & 0x7f
  return signal === 0
    ? { exitCode: status >> 8, signal: null }
    : { exitCode: null, signal: guessSignal(128 + signal, constants.signals) }
}
