import type { AnomalyThresholds } from './anomaly-context.ts'
import type { ProcSnapshot } from './proc-snapshot.ts'

export interface TracingOptions {
  /** Told of each row at once, `first` included. If it throws it is not called again: status `degraded`, rows stay in memory. */
  readonly onSnapshot?: (row: ProcSnapshot) => void
  /** @default 1000 */
  readonly intervalMs?: number
  /** After {@link fastForMs}. @default 5000 */
  readonly slowIntervalMs?: number
  /** @default 30000 */
  readonly fastForMs?: number
  /** After an exec, a new child, the edge of an anomaly. @default 100 */
  readonly burstIntervalMs?: number
  /** @default 2000 */
  readonly burstForMs?: number
  /** Of one core, measured on itself: over it, the intervals double. @default 0.01 */
  readonly ownCpuShare?: number
  /** Rows held in memory; over it every second one of the older half goes. @default 5000 */
  readonly maxSnapshots?: number
  /** For tests and odd workloads. @default ANOMALY_THRESHOLDS */
  readonly thresholds?: Partial<AnomalyThresholds>
  /** The name that must never be traced; null when the workload itself may be called so. @default 'script' */
  readonly wrapperComm?: string | null
}
