import type { Anomaly, AnomalySeverity } from './anomaly.ts'
import type { AnomalyThresholds } from './anomaly-context.ts'
import type { AnomalyLook, AnomalyRule } from './anomaly-rule.ts'
import { anomalyRules } from './anomaly-rules.ts'
import type { ProcSnapshot } from './proc-snapshot.ts'

export interface AnomalyDetector {
  /** True when an episode began or ended with this row. */
  observe(row: ProcSnapshot): boolean
  /** All episodes so far, in the order in which they were opened; the ones still open with `closed_at: null`. */
  anomalies(): readonly Anomaly[]
}

/** Episodes of one kind that are told one by one; those after them count towards the last. */
const MOST_EPISODES = 10

type Episode = { -readonly [K in keyof Anomaly]: Anomaly[K] }

interface Watch {
  readonly rule: AnomalyRule
  onSinceNs: number | null
  open: Episode | null
  readonly episodes: Episode[]
}

/** Applies the rules to rows as they come: an episode has one record, however many rows it lasts. */
export function startDetector(thresholds: AnomalyThresholds, memoryLimitKb: number | null): AnomalyDetector {
  const watches: readonly Watch[] = anomalyRules(thresholds, memoryLimitKb).map((rule) => ({
    rule,
    onSinceNs: null,
    open: null,
    episodes: [],
  }))
  const opened: Episode[] = []
  let previous: ProcSnapshot | null = null
  return {
    observe(row) {
      let edge = false
      for (const watch of watches) {
        const look = watch.rule.look(row, previous)
        if (look !== null && follow(watch, row, look, opened)) edge = true
      }
      previous = row
      return edge
    },
    anomalies: () => opened.map((episode) => ({ ...episode })),
  }
}

function follow(watch: Watch, row: ProcSnapshot, look: AnomalyLook, opened: Episode[]): boolean {
  const { open, rule } = watch
  if (open !== null) {
    if (look.off) {
      open.closed_at = row.captured_at
      watch.open = null
      watch.onSinceNs = null
      return true
    }
    open.count += 1
    open.peak = Math.max(open.peak ?? look.value, look.value)
    open.severity = worse(open.severity, look.severity)
    return false
  }
  if (!look.on) {
    watch.onSinceNs = null
    return false
  }
  watch.onSinceNs ??= row.mono_ns
  if (row.mono_ns - watch.onSinceNs < rule.forMs * 1e6) return false
  const last = watch.episodes.at(-1)
  if (last !== undefined && watch.episodes.length >= MOST_EPISODES) {
    last.count += 1
    last.closed_at = null
    last.peak = Math.max(last.peak ?? look.value, look.value)
    watch.open = last
    return false
  }
  watch.open = {
    event: 'anomaly',
    kind: rule.kind,
    severity: worse(rule.severity, look.severity),
    ts: row.captured_at,
    seq: row.seq,
    pid: row.pid,
    detail: look.detail(),
    closed_at: null,
    peak: look.value,
    count: 1,
    snapshot: row,
  }
  watch.episodes.push(watch.open)
  opened.push(watch.open)
  return true
}

const RANK: Readonly<Record<AnomalySeverity, number>> = { info: 0, warning: 1, critical: 2 }

function worse(a: AnomalySeverity, b: AnomalySeverity | undefined): AnomalySeverity {
  return b !== undefined && RANK[b] > RANK[a] ? b : a
}
