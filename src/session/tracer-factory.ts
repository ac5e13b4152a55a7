import { startTracing } from '../tracer/start-tracing.ts'
import { type TraceTarget, traceTargetFromPid } from '../tracer/trace-target.ts'
import type { ProcSnapshot } from '../tracer/proc-snapshot.ts'
import type { Tracing } from '../tracer/tracing.ts'

/** What watches a workload: the process it is, and the tracing of it. */
export interface Watched {
  readonly target: TraceTarget
  readonly tracing: Tracing
}

/**
 * Begins to watch the workload; `tracing.first` is taken when it returns, and only then does the workload begin. Where nothing can
 * be watched `tracing.stop().status` says so. What it throws is the session's `trace.reason`, and no harm.
 */
export type TracerFactory = (workloadPid: number, onSnapshot: (row: ProcSnapshot) => void) => Watched

/** The tracer of this package: /proc on Linux, elsewhere `unsupported`. */
export const procTracer: TracerFactory = (workloadPid, onSnapshot) => {
  const target = traceTargetFromPid(workloadPid)
  return { target, tracing: startTracing(target, { onSnapshot }) }
}
