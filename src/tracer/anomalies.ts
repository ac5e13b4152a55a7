import type { Anomaly } from './anomaly.ts'
import { ANOMALY_THRESHOLDS, type AnomalyContext } from './anomaly-context.ts'
import { startDetector } from './anomaly-detector.ts'
import { endingAnomalies } from './ending-anomalies.ts'
import { detectIdentityDrift } from './identity-drift.ts'
import type { ProcSnapshot } from './proc-snapshot.ts'

/**
 * What was wrong, out of the rows of one process in their order, and what else is known of it. Pure. One record for an episode:
 * opened at an edge, closed where the value has gone back far enough, with its peak and its number of rows.
 */
export function detectAnomalies(snapshots: readonly ProcSnapshot[], context: AnomalyContext = {}): readonly Anomaly[] {
  const { memoryLimitKb, counters, thresholds = {} } = context
  const limitKb = memoryLimitKb ?? counters?.start?.memoryLimitKb ?? null
  const detector = startDetector({ ...ANOMALY_THRESHOLDS, ...thresholds }, limitKb)
  for (const row of snapshots) detector.observe(row)
  return withEnding(detector.anomalies(), snapshots, context)
}

/** What a detector saw row by row, with what only the whole shows: whose rows they are, and how it ended. Pure. */
export function withEnding(
  detected: readonly Anomaly[],
  snapshots: readonly ProcSnapshot[],
  context: AnomalyContext,
): readonly Anomaly[] {
  const { target, wrapperComm = 'script' } = context
  const drift = target === undefined ? [] : detectIdentityDrift(snapshots, target, wrapperComm)
  return [...[...detected, ...drift].sort((a, b) => a.seq - b.seq), ...endingAnomalies(snapshots, context)]
}
