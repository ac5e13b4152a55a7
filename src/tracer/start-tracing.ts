import type { TraceTarget } from './trace-target.ts'
import type { Tracing } from './tracing.ts'
import type { TracingOptions } from './tracing-options.ts'
import type { TracingSeams } from './tracing-seams.ts'

export declare function startTracing(
  target: TraceTarget,
  options?: TracingOptions,
  seams?: Partial<TracingSeams>,
): Tracing
