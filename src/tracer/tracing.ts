import type { Anomaly } from './anomaly.ts'
import type { SessionCounters } from './procfs/session-counters.ts'
import type { ProcSnapshot } from './proc-snapshot.ts'

/** How much of the session was seen. `unsupported`: no /proc here, nothing was. */
export type TracingStatus = 'full' | 'degraded' | 'unsupported'

/** What is running: `startTracing()` returns it. */
export interface Tracing {
  /** Taken before `startTracing()` returned; null when there was nothing to read. */
  readonly first: ProcSnapshot | null
  /** A row now, beside the cadence; null when the process has ended or cannot be read. Never throws. */
  snapshotNow(): ProcSnapshot | null
  /** Whether the very process still runs: through the held descriptor, not its number. False for a zombie, and after `stop()`. */
  alive(): boolean
  /** Ends it and closes every descriptor. Idempotent: later calls return the first result. Never throws. */
  stop(ending?: TracingEnding): TracingResult
}

/** What the caller knows of the workload's end; the anomalies of the end come from it. */
export interface TracingEnding {
  readonly exitCode?: number | null
  readonly signal?: string | null
  /** Who belongs to it besides its descendants, and lives. */
  readonly daemons?: readonly number[]
}

export interface TracingResult {
  readonly status: TracingStatus
  /** Why it is not `full`; null when it is. */
  readonly reason: string | null
  readonly snapshots: readonly ProcSnapshot[]
  readonly anomalies: readonly Anomaly[]
  readonly peaks: TracingPeaks
  /** `confirmed`: SIGKILL (or exit 137) and the cgroup's count of OOM kills rose. `probable`: only the machine's did. */
  readonly oomKill: 'confirmed' | 'probable' | null
  /** Null where they could not be read. */
  readonly counters: { readonly start: SessionCounters | null; readonly end: SessionCounters | null }
  /** Descendants and daemons that were alive when it stopped. */
  readonly leftovers: readonly number[]
}

/** Null: never seen. */
export interface TracingPeaks {
  /** The largest of vm_rss_kb and the kernel's own peak. */
  readonly rssKb: number | null
  readonly treeRssKb: number | null
  readonly oomScore: number | null
  /** fd_count / fd_soft_limit */
  readonly fdRatio: number | null
  readonly cpuPercent: number | null
}
