import type { ProcSnapshot } from './proc-snapshot.ts'

/** Every kind of anomaly; docs/tracer.md has the rule of each. */
export const ANOMALY_KINDS = [
  'oom_spike',
  'oom_critical',
  'oom_killed',
  'memory_pressure',
  'rss_growth',
  'fd_high',
  'zombie_detected',
  'zombie_persistent',
  'd_state_sustained',
  'high_cpu_sustained',
  'starved',
  'signals_pending',
  'stopped',
  'core_dumping',
  'crash_signal',
  'identity_drift',
  'pid_reused',
  'sampler_gap',
  'suspended',
  'clock_step',
  'leftover_processes',
  'empty_result_with_tokens',
  'thinking_only_final_turn',
] as const

export type AnomalyKind = (typeof ANOMALY_KINDS)[number]

export type AnomalySeverity = 'info' | 'warning' | 'critical'

/** One episode: from the row that opened it to the row that closed it. A line of `anomalies.jsonl`. */
export interface Anomaly {
  readonly event: 'anomaly'
  readonly kind: AnomalyKind
  readonly severity: AnomalySeverity
  /** The `captured_at`, seq and pid of the row that opened it; `''`, -1 and 0 for what no row shows. */
  readonly ts: string
  readonly seq: number
  readonly pid: number
  readonly detail: string
  /** The `captured_at` of the row that ended it; null: still so at the end. */
  readonly closed_at: string | null
  /** The worst value while it lasted, in the unit that `detail` names; null where there is none. */
  readonly peak: number | null
  /** Rows that it lasted. */
  readonly count: number
  readonly snapshot: ProcSnapshot | null
}
