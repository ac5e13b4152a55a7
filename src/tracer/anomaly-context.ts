import type { SessionCounters } from './procfs/session-counters.ts'
import type { TraceTarget } from './trace-target.ts'

/** What rows alone don't say. Everything is optional; a rule that lacks its fact is silent. */
export interface AnomalyContext {
  /** For `identity_drift`. */
  readonly target?: Pick<TraceTarget, 'pid' | 'comm' | 'starttimeTicks'>
  /** The name that must never be traced; null when the workload itself may be called so. @default 'script' */
  readonly wrapperComm?: string | null
  /** For `memory_pressure`. */
  readonly memoryLimitKb?: number | null
  readonly counters?: { readonly start: SessionCounters | null; readonly end: SessionCounters | null }
  readonly exitCode?: number | null
  readonly signal?: string | null
  /** Descendants alive after the end. */
  readonly leftovers?: readonly number[]
  /** The number lives, the process is gone. */
  readonly pidReused?: boolean
  /** How an agent's run ended, if the workload was one. */
  readonly outcome?: {
    readonly outputTokens: number
    readonly subtype: string
    readonly onlyThinkingInFinalTurn: boolean
  }
  readonly thresholds?: Partial<AnomalyThresholds>
}

/** In seconds, not rows: the cadence changes. */
export interface AnomalyThresholds {
  /** Share of the machine's memory, read out of oom_score. */
  readonly oomSpikeShare: number
  readonly oomCriticalShare: number
  readonly memoryPressureOn: number
  readonly memoryPressureOff: number
  readonly memoryPressureCritical: number
  readonly growthWarmUpMs: number
  readonly growthForMs: number
  readonly growthSamples: number
  readonly growthFactor: number
  readonly growthKb: number
  readonly fdOn: number
  readonly fdOff: number
  readonly zombieForMs: number
  readonly zombiePersistentForMs: number
  readonly dStateForMs: number
  readonly spinPercent: number
  readonly spinForMs: number
  readonly starvedShare: number
  readonly starvedForMs: number
  readonly pendingForMs: number
  readonly stoppedForMs: number
  /** Planned intervals, and no less than that time: of a tenth of a second three are nothing. */
  readonly gapIntervals: number
  readonly gapLeastMs: number
  readonly suspendedMs: number
  readonly clockStepMs: number
}

export const ANOMALY_THRESHOLDS: AnomalyThresholds = {
  oomSpikeShare: 0.2,
  oomCriticalShare: 0.8,
  memoryPressureOn: 0.8,
  memoryPressureOff: 0.7,
  memoryPressureCritical: 0.95,
  growthWarmUpMs: 10_000,
  growthForMs: 60_000,
  growthSamples: 10,
  growthFactor: 2,
  growthKb: 64 * 1024,
  fdOn: 0.8,
  fdOff: 0.7,
  zombieForMs: 15_000,
  zombiePersistentForMs: 60_000,
  dStateForMs: 30_000,
  spinPercent: 90,
  spinForMs: 60_000,
  starvedShare: 0.5,
  starvedForMs: 15_000,
  pendingForMs: 10_000,
  stoppedForMs: 10_000,
  gapIntervals: 3,
  gapLeastMs: 1_000,
  suspendedMs: 2_000,
  clockStepMs: 1_000,
}
