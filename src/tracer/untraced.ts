import { detectAnomalies } from './anomalies.ts'
import { NO_PEAKS } from './peaks.ts'
import type { Tracing, TracingResult, TracingStatus } from './tracing.ts'

/** The tracing of what cannot be traced: says so once, in its result. How the workload ended is told here too. */
export function untraced(status: TracingStatus, reason: string): Tracing {
  let result: TracingResult | null = null
  return {
    first: null,
    snapshotNow: () => null,
    alive: () => false,
    stop({ exitCode = null, signal = null } = {}) {
      result ??= {
        status,
        reason,
        snapshots: [],
        anomalies: detectAnomalies([], { exitCode, signal }),
        peaks: NO_PEAKS,
        oomKill: null,
        counters: { start: null, end: null },
        leftovers: [],
      }
      return result
    },
  }
}
