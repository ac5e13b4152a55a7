/** Counters of the kernel that a session compares at its start and its end. Null: not readable here. */
export interface SessionCounters {
  /** Processes that the OOM killer ended on the whole machine since boot (/proc/vmstat). */
  readonly oomKillMachine: number | null
  /** The same in the target's memory cgroup: v2 `memory.events`, v1 `memory.oom_control`. */
  readonly oomKillCgroup: number | null
  /** The smaller of the cgroup's memory limit and the machine's memory. */
  readonly memoryLimitKb: number | null
  /** Time that the cgroup's CPU limit held it back (v2 and v1). */
  readonly throttledUsec: number | null
}
