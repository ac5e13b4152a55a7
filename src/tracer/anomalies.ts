import type { Anomaly } from './anomaly.ts'
import type { AnomalyContext } from './anomaly-context.ts'
import type { ProcSnapshot } from './proc-snapshot.ts'

export declare function detectAnomalies(
  snapshots: readonly ProcSnapshot[],
  context?: AnomalyContext,
): readonly Anomaly[]
