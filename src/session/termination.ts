/** How a session ended: facts first, names later. Pure. */

/** What recovery alone can say of a session whose tracer is gone; null for a session that ended under its tracer's eyes. */
export type TracerDeath = 'reboot' | 'tracer_lost' | 'crashed'

/** What the watchers saw until the race was over. Frozen: nothing is added while the session is being wound up. */
export interface SessionFacts {
  readonly tracerDeath: TracerDeath | null
  /** The workload could not be started: an errno (`ENOENT`, `EACCES` …). */
  readonly spawnError: string | null
  /** The workload was gone before we had sent it anything. */
  readonly exited: boolean
  /** Of that exit; null as long as it lives. */
  readonly signal: NodeJS.Signals | null
  /** The kernel's counters of out-of-memory kills rose: in the workload's cgroup (confirmed), or somewhere on the machine (probable). */
  readonly oomKill: 'confirmed' | 'probable' | null
  readonly wallClockFired: boolean
  /** The caller's AbortSignal. */
  readonly cancelled: boolean
  readonly idleStall: boolean
  /** The session log stood still for too long, or its directory never came to be. */
  readonly sessionLog: 'stale' | 'dir_missing' | null
  /** Where the completion marker was seen. */
  readonly completion: 'stdout' | 'session_log' | null
}

export type Termination =
  | 'natural_exit'
  | 'completed'
  | 'stale'
  | 'idle_stall'
  | 'timed_out'
  | 'signaled'
  | 'oom_killed'
  | 'cancelled'
  | 'spawn_failed'
  | 'tracer_lost'
  | 'crashed'
  | 'reboot'

/** Nothing seen yet. */
export const NO_FACTS: SessionFacts = Object.freeze({
  tracerDeath: null,
  spawnError: null,
  exited: false,
  signal: null,
  oomKill: null,
  wallClockFired: false,
  cancelled: false,
  idleStall: false,
  sessionLog: null,
  completion: null,
})

/**
 * The name of an end. An exit of the workload's own outranks whatever a watcher says in the same moment; an exit that our own
 * signal brought about is not in the facts, so a workload that was killed at its limit is `timed_out` and not `signaled`.
 */
export function resolveTermination(facts: SessionFacts): Termination {
  if (facts.tracerDeath !== null) return facts.tracerDeath
  if (facts.spawnError !== null) return 'spawn_failed'
  if (facts.exited) return nameOfExit(facts)
  if (facts.wallClockFired) return 'timed_out'
  if (facts.cancelled) return 'cancelled'
  if (facts.idleStall) return 'idle_stall'
  if (facts.sessionLog !== null) return 'stale'
  if (facts.completion !== null) return 'completed'
  return 'natural_exit'
}

/** The OOM killer sends SIGKILL: an exit code is never its work, whatever the counters say. */
function nameOfExit({ signal, oomKill }: SessionFacts): Termination {
  if (signal === null) return 'natural_exit'
  return signal === 'SIGKILL' && oomKill !== null ? 'oom_killed' : 'signaled'
}
