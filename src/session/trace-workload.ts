import type { TracingResult } from '../tracer/tracing.ts'
import { readCountersAtStart } from './counters-at-start.ts'
import type { SessionDirectory } from './session-directory.ts'
import { markedProcesses } from './session-mark.ts'
import type { SessionSettings } from './session-options.ts'
import type { SessionTrace } from './session-result.ts'
import type { StartedWorkload } from './start-workload.ts'
import { procTracer, type Watched } from './tracer-factory.ts'
import { expectedComm, trackedCommOf } from './tracked-comm.ts'
import type { WorkloadExit } from './workload-exit.ts'
import { resolveWorkloadPid } from './workload-pid.ts'

/** The tracing of one workload, whatever can be had of it. */
export interface TraceOfWorkload {
  /** The workload's; null: not resolved. */
  readonly pid: number | null
  /** Null until `end()`, and where nothing was traced. */
  readonly result: TracingResult | null
  /** The name that the workload carried longest; null as `result` is, and where that has no rows. */
  readonly trackedComm: string | null
  status(): SessionTrace
  /** The gate is open. */
  begun(): void
  /** Only the first call counts. Null: it is not over, and will not be. */
  end(exit: WorkloadExit | null): void
}

/**
 * After the gate, until the tracer's own cadence is there: a workload that lives for 100 ms has more than its first row, and its
 * first exec is seen. 20 µs each.
 */
const EARLY_LOOKS_MS = [10, 25, 50, 100, 200, 400, 700]

/**
 * Finds the workload behind its gate, begins to watch it, and enrols the session: all before the gate opens. Never throws; what
 * cannot be had is in `status()`, and the workload runs without it.
 */
export function traceWorkload(
  { childPid, wrapped, reported, gate }: StartedWorkload & { kind: 'started' },
  settings: SessionSettings,
  directory: SessionDirectory,
  startTs: string,
): TraceOfWorkload {
  const found = resolveWorkloadPid({ childPid, wrapped, reported })
  const pid = found.kind === 'resolved' ? found.pid : null
  let trouble: SessionTrace | null = found.kind === 'resolved' ? null : { status: 'unresolved', reason: found.reason }
  let watched: Watched | null = null
  const { tracer = procTracer } = settings
  if (pid !== null && tracer !== null) {
    try {
      watched = tracer(pid, (row) => directory.append(row))
    } catch (error) {
      trouble = { status: 'unsupported', reason: error instanceof Error ? error.message : 'tracer-failed' }
    }
  } else if (pid !== null) trouble = { status: 'unsupported', reason: 'no-tracer' }
  directory.enrol({
    pid,
    starttime_ticks: watched?.target.starttimeTicks || null,
    comm: watched?.target.comm || null,
    expected_comm: expectedComm(settings.command),
    start_ts: startTs,
    trace_status: trouble?.status ?? 'full',
    // Who could not be resolved was still born in our cgroup.
    counters: readCountersAtStart(pid ?? process.pid),
  })
  let result: TracingResult | null = null
  let trackedComm: string | null = null
  let early: readonly NodeJS.Timeout[] = []
  return {
    pid,
    get result() {
      return result
    },
    get trackedComm() {
      return trackedComm
    },
    status() {
      if (trouble !== null) return trouble
      const { status, reason } = result ?? { status: 'degraded', reason: 'not-over' }
      return status === 'full' && gate === null ? { status: 'degraded', reason: 'no-gate' } : { status, reason }
    },
    begun() {
      early = EARLY_LOOKS_MS.map((ms) => setTimeout(() => watched?.tracing.snapshotNow(), ms).unref())
    },
    end(exit) {
      for (const timer of early) clearTimeout(timer)
      if (watched === null || result !== null) return
      const endNs = Number(process.hrtime.bigint())
      const daemons = daemonsOf(directory.sessionId)
      result = watched.tracing.stop(
        exit === null ? { daemons } : { exitCode: exit.returncode, signal: exit.signal, daemons },
      )
      trackedComm = trackedCommOf(result.snapshots, settings.command, endNs)
    },
  }
}

/** Who carries the session's mark, and need not be a descendant any more. */
function daemonsOf(sessionId: string): readonly number[] {
  return markedProcesses(sessionId).map((held) => {
    held.close()
    return held.pid
  })
}
