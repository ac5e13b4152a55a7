/**
 * The kernel's counters when a session began, as its record keeps them, and as they are now: whether it was killed for memory can
 * be told after its tracer's death as well. A cgroup is meant by its inode: in another container, or once it was made anew, a folder
 * of the same name is another one, with other counters.
 */
import fs from 'node:fs'
import { counterPlaces, readSessionCounters, type SessionCounters } from '../tracer/procfs/session-counters.ts'

/** Null: not readable here. */
export interface CountersAtStart {
  /** Of the whole machine. */
  readonly vmstat_oom_kill: number | null
  readonly cgroup_oom_kill: number | null
  readonly memory_limit_kb: number | null
  /** Which cgroup charges the workload's memory, and where it was read. */
  readonly memory_cgroup: MemoryCgroup | null
}

interface MemoryCgroup {
  readonly folder: string
  readonly version: 1 | 2
  /** `device:inode` */
  readonly inode: string
}

export const NO_COUNTERS: CountersAtStart = {
  vmstat_oom_kill: null,
  cgroup_oom_kill: null,
  memory_limit_kb: null,
  memory_cgroup: null,
}

export interface CounterRoots {
  readonly procRoot: string
  readonly cgroupRoot: string
}

const REAL_ROOTS: CounterRoots = { procRoot: '/proc', cgroupRoot: '/sys/fs/cgroup' }

/** Of the process that waits at the gate. Never throws. */
export function readCountersAtStart(pid: number, { procRoot, cgroupRoot }: CounterRoots = REAL_ROOTS): CountersAtStart {
  if (process.platform !== 'linux') return NO_COUNTERS
  const places = counterPlaces(pid, procRoot, cgroupRoot)
  const { oomKillMachine, oomKillCgroup, memoryLimitKb } = readSessionCounters(places)
  const inode = places.memory === null ? null : inodeOf(places.memory.folder)
  return {
    vmstat_oom_kill: oomKillMachine,
    cgroup_oom_kill: oomKillCgroup,
    memory_limit_kb: memoryLimitKb,
    memory_cgroup: places.memory === null || inode === null ? null : { ...places.memory, inode },
  }
}

/**
 * The counters of then and now, of the same boot. Of a cgroup that is gone nothing is known any more, and what the record does not
 * keep counts as unchanged. Never throws.
 */
export function countersSince(
  recorded: CountersAtStart,
  { procRoot }: Pick<CounterRoots, 'procRoot'> = REAL_ROOTS,
): { readonly start: SessionCounters; readonly end: SessionCounters } {
  const { memory_cgroup: cgroup } = recorded
  const isThere = cgroup && inodeOf(cgroup.folder) === cgroup.inode
  const end = readSessionCounters({ procRoot, memory: isThere ? cgroup : null, cpu: null })
  const start: SessionCounters = {
    ...end,
    oomKillMachine: recorded.vmstat_oom_kill,
    oomKillCgroup: recorded.cgroup_oom_kill,
    memoryLimitKb: recorded.memory_limit_kb,
  }
  return { start, end }
}

function inodeOf(folder: string): string | null {
  try {
    const { dev, ino } = fs.lstatSync(folder, { bigint: true })
    return `${dev}:${ino}`
  } catch {
    return null // gone, or not in our mounts
  }
}
