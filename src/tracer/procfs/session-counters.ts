import fs from 'node:fs'
import { numberAfter } from './number-after.ts'

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
  /** Time since boot in which somebody on the machine waited for memory, a disk, a core (/proc/pressure, `some`). */
  readonly memoryStalledUsec: number | null
  readonly ioStalledUsec: number | null
  readonly cpuStalledUsec: number | null
}

/** Where the counters of a process are. The cgroup is the one of its start: at its end it has none. */
export interface CounterPlaces {
  readonly procRoot: string
  /** Folders of the cgroup that charges its memory and its CPU; null where there is none to see. */
  readonly memory: { readonly folder: string; readonly version: 1 | 2 } | null
  readonly cpu: string | null
}

/** Finds the cgroups of a process out of `/proc/PID/cgroup`. Never throws. */
export function counterPlaces(pid: number, procRoot: string, cgroupRoot: string): CounterPlaces {
  const lines = (readText(`${procRoot}/${pid}/cgroup`) ?? '').split('\n')
  // `4:memory:/a` is version 1, `0::/a` version 2. A cgroup outside of our namespace begins with `/..`: not to be seen.
  const pathOf = (wanted: (controllers: string) => boolean): string | null => {
    for (const line of lines) {
      const [, controllers = '', ...path] = line.split(':')
      if (path.length > 0 && wanted(controllers)) return path.join(':').startsWith('/..') ? null : path.join(':')
    }
    return null
  }
  const unified = pathOf((controllers) => controllers === '')
  const memory1 = pathOf((controllers) => controllers.split(',').includes('memory'))
  const cpu1 = pathOf((controllers) => controllers.split(',').includes('cpu'))
  return {
    procRoot,
    memory:
      memory1 !== null
        ? { folder: `${cgroupRoot}/memory${memory1}`, version: 1 }
        : unified !== null
          ? { folder: `${cgroupRoot}${unified}`, version: 2 }
          : null,
    cpu: cpu1 !== null ? `${cgroupRoot}/cpu${cpu1}` : unified !== null ? `${cgroupRoot}${unified}` : null,
  }
}

/** Reads them now. Never throws. */
export function readSessionCounters({ procRoot, memory, cpu }: CounterPlaces): SessionCounters {
  const limits = [
    numberAfter(readText(`${procRoot}/meminfo`), 'MemTotal:'),
    memory === null ? null : cgroupLimitKb(memory.folder, memory.version),
  ].filter((limit) => limit !== null)
  return {
    oomKillMachine: numberAfter(readText(`${procRoot}/vmstat`), 'oom_kill'),
    oomKillCgroup:
      memory === null
        ? null
        : numberAfter(
            readText(`${memory.folder}/${memory.version === 1 ? 'memory.oom_control' : 'memory.events'}`),
            'oom_kill',
          ),
    memoryLimitKb: limits.length > 0 ? Math.min(...limits) : null,
    throttledUsec: cpu === null ? null : throttledUsec(readText(`${cpu}/cpu.stat`)),
    memoryStalledUsec: stalledUsec(readText(`${procRoot}/pressure/memory`)),
    ioStalledUsec: stalledUsec(readText(`${procRoot}/pressure/io`)),
    cpuStalledUsec: stalledUsec(readText(`${procRoot}/pressure/cpu`)),
  }
}

/** A limit counts wherever it is set between the cgroup and the root. Version 1 says a number near 2^63 for none, version 2 `max`. */
function cgroupLimitKb(folder: string, version: 1 | 2): number | null {
  let least: number | null = null
  const name = version === 1 ? 'memory.limit_in_bytes' : 'memory.max'
  for (let at = folder; ; at = at.slice(0, at.lastIndexOf('/'))) {
    const text = readText(`${at}/${name}`)
    if (text === null && at !== folder) return least
    const bytes = Number(text?.trim() || Number.NaN)
    if (bytes > 0 && bytes < 2 ** 60) least = Math.min(least ?? bytes / 1024, bytes / 1024)
    if (!at.slice(1).includes('/')) return least
  }
}

function throttledUsec(stat: string | null): number | null {
  const ns = numberAfter(stat, 'throttled_time')
  return ns !== null ? ns / 1000 : numberAfter(stat, 'throttled_usec')
}

/** `some avg10=0.00 avg60=0.00 avg300=0.00 total=19842` */
function stalledUsec(pressure: string | null): number | null {
  const total = /^some .*\btotal=(\d+)$/m.exec(pressure ?? '')?.[1]
  return total === undefined ? null : Number(total)
}

function readText(path: string): string | null {
  try {
    return fs.readFileSync(path, 'utf8')
  } catch {
    return null // another kernel, another version, a container without it
  }
}
