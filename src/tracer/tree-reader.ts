import fs from 'node:fs'
import type { TreeMember, TreeSnapshot } from './proc-snapshot.ts'
import { mostKeptProcesses } from './procfs/kept-descriptors.ts'
import { STAT } from './procfs/stat.ts'
import { openTreeMember, type TreeMemberReader } from './tree-member.ts'

export interface TreeLook {
  readonly tree: TreeSnapshot
  /** A descendant was seen for the first time. */
  readonly grew: boolean
}

export interface TreeReader {
  read(): TreeLook
  /** Descendants that live now, zombies apart. */
  living(): readonly number[]
  close(): void
}

/** Threads fork seldom and their lists cost 14 µs each: looked at with every fifth row. */
const EVERY_THREAD = 5
const PAGE_KB = 4
const AT_PAGESZ = 6n

/**
 * Reads a process and all its descendants. Once seen, a descendant stays one until it ends, also after its parent did: a daemon
 * that forked twice is kept if a look fell between its forks. `root` is closed with it.
 */
export function openTreeReader(root: TreeMemberReader, procRoot: string): TreeReader {
  const rootPid = root.pid
  const members = new Map<number, TreeMemberReader>([[rootPid, root]])
  const mostKept = mostKeptProcesses(procRoot)
  const pageKb = pageSizeKb(procRoot)
  const found: number[] = []
  let looks = 0

  const forget = (member: TreeMemberReader): void => {
    member.close()
    members.delete(member.pid)
  }
  const kept = (): number => {
    let count = 0
    for (const member of members.values()) if (member.kept) count += 1
    return count
  }
  const read = (): TreeLook => {
    const everyThread = looks % EVERY_THREAD === 0
    looks += 1
    let grew = false
    let procs = 0
    let threads = 0
    let rssKb = 0
    let cpuTicks = 0
    let readBytes = 0
    let writeBytes = 0
    let zombies = 0
    const seen: TreeMember[] = []
    // Those that a look adds are visited by the same look: a Map's iteration goes on to them.
    for (const member of members.values()) {
      const stat = member.stat()
      if (stat === null) {
        forget(member)
        continue
      }
      const { at, comm } = stat
      const own = (at[STAT.utime] as number) + (at[STAT.stime] as number)
      const used = member.lastTicks < 0 ? own : own - member.lastTicks
      member.lastTicks = own
      // Children that were waited for come back in their parent's sums.
      cpuTicks += own + (at[STAT.cutime] as number) + (at[STAT.cstime] as number)
      if (stat.state === 'Z' || stat.state === 'X') {
        // One whose parent left the tree waits for an init that does not reap: no fault of the workload.
        if (member.pid !== rootPid && members.has(at[STAT.ppid] as number)) zombies += 1
        continue
      }
      const rss = (at[STAT.rssPages] as number) * pageKb
      procs += 1
      threads += at[STAT.threads] as number
      rssKb += rss
      seen.push({ pid: member.pid, comm, rss_kb: rss, cpu_ticks: used })
      found.length = 0
      member.children(everyThread && (at[STAT.threads] as number) > 1, found)
      const io = member.io()
      readBytes += io?.readBytes ?? 0
      writeBytes += io?.writeBytes ?? 0
      for (const pid of found) {
        if (members.has(pid)) continue
        const child = openTreeMember(pid, procRoot, kept() < mostKept)
        if (child === null) continue
        members.set(pid, child)
        grew = true
      }
    }
    const tree = {
      procs,
      threads,
      rss_kb: rssKb,
      cpu_ticks: cpuTicks,
      io_read_bytes: readBytes,
      io_write_bytes: writeBytes,
      zombies,
      top_rss: topThree(seen, 'rss_kb'),
      top_cpu: topThree(seen, 'cpu_ticks').filter((member) => member.cpu_ticks > 0),
    }
    return { tree, grew }
  }
  return {
    read,
    living() {
      read()
      return [...members.values()]
        .filter((member) => member.pid !== rootPid && !/[ZX]/.test(member.stat()?.state ?? 'X'))
        .map(({ pid }) => pid)
    },
    close() {
      for (const member of members.values()) member.close()
      members.clear()
    },
  }
}

function topThree(members: readonly TreeMember[], by: 'rss_kb' | 'cpu_ticks'): readonly TreeMember[] {
  if (members.length <= 1) return members
  return [...members].sort((a, b) => b[by] - a[by]).slice(0, 3)
}

/** Pages are of 4 KiB but on some ARM and POWER kernels; AT_PAGESZ of our own auxiliary vector tells. */
function pageSizeKb(procRoot: string): number {
  try {
    const words = new BigUint64Array(new Uint8Array(fs.readFileSync(`${procRoot}/self/auxv`)).buffer)
    for (let i = 0; i + 1 < words.length; i += 2) {
      if (words[i] === AT_PAGESZ) return Number(words[i + 1]) / 1024
    }
  } catch {
    // a recorded tree has no self
  }
  return PAGE_KB
}
