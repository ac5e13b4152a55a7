import type { Anomaly, AnomalySeverity } from './anomaly.ts'
import type { ProcSnapshot } from './proc-snapshot.ts'
import type { TraceTarget } from './trace-target.ts'

/**
 * Whether the rows are of the target. Pure. At most one record of each:
 *
 * - critical: the first row of another process (other start ticks, or another pid), or one with the wrapper's name;
 * - info: the first row in which the same process has another name without an exec: programs rename themselves, and Node 24 and
 *   26 do so while they start. What was exec'd may have any name.
 *
 * Rows without a name say nothing. A target whose start ticks are unknown (0) is compared by pid and name alone.
 * `wrapperComm: null` when the workload itself may be called so.
 */
export function detectIdentityDrift(
  snapshots: readonly ProcSnapshot[],
  target: Pick<TraceTarget, 'pid' | 'comm' | 'starttimeTicks'>,
  wrapperComm: string | null = 'script',
): readonly Anomaly[] {
  const named = snapshots.filter(({ comm }) => comm !== '' && comm !== null)
  const isOther = (row: ProcSnapshot): boolean =>
    row.pid !== target.pid || (target.starttimeTicks !== 0 && row.starttime_ticks !== target.starttimeTicks)
  const drift = named.find((row) => isOther(row) || row.comm === wrapperComm)
  const rename = named.find(
    (row) =>
      target.comm !== '' &&
      row.comm !== target.comm &&
      !(row.exec_seq > 0) &&
      !isOther(row) &&
      row.comm !== wrapperComm,
  )
  const found: Anomaly[] = []
  if (rename !== undefined)
    found.push(record(rename, 'info', `${JSON.stringify(target.comm)} calls itself ${JSON.stringify(rename.comm)}`))
  if (drift !== undefined) {
    const what = isOther(drift)
      ? `another process: pid ${drift.pid} of tick ${drift.starttime_ticks}, wants ${target.pid} of ${target.starttimeTicks}`
      : `the wrapper ${JSON.stringify(drift.comm)} was traced`
    found.push(record(drift, 'critical', what))
  }
  return found.sort((a, b) => a.seq - b.seq)
}

function record(row: ProcSnapshot, severity: AnomalySeverity, detail: string): Anomaly {
  return {
    event: 'anomaly',
    kind: 'identity_drift',
    severity,
    ts: row.captured_at,
    seq: row.seq,
    pid: row.pid,
    detail,
    closed_at: null,
    peak: null,
    count: 1,
    snapshot: row,
  }
}
