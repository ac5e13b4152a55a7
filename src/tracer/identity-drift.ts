import type { Anomaly } from './anomaly.ts'
import type { ProcSnapshot } from './proc-snapshot.ts'
import type { TraceTarget } from './trace-target.ts'

export declare function detectIdentityDrift(
  snapshots: readonly ProcSnapshot[],
  target: Pick<TraceTarget, 'pid' | 'comm' | 'starttimeTicks'>,
  wrapperComm?: string | null,
): readonly Anomaly[]
