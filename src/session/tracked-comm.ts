import type { ProcSnapshot } from '../tracer/proc-snapshot.ts'

/**
 * The name that the workload carried longest, not in most rows: right after the gate they are dense, where many a workload is
 * still its launcher (`env`, a shell that execs) and a busy machine keeps it there. The later of two that were carried equally
 * long. Of a workload that was over before a second look, the name that the kernel gave it at its exec; null without snapshots. Pure.
 *
 * @param endNs when it ended, on the clock of `mono_ns`; null: not known, its last row is its end
 */
export function trackedCommOf(
  snapshots: readonly ProcSnapshot[],
  command: string,
  endNs: number | null,
): string | null {
  const carriedNs = new Map<string, number>()
  snapshots.forEach((row, i) => {
    if (!isWorkload(row)) return
    const { comm, mono_ns } = row
    // Between two rows it was one half of the time like this and the other like that: nobody saw when it changed.
    const since = (snapshots[i - 1]?.mono_ns ?? mono_ns) + mono_ns
    const next = snapshots[i + 1]?.mono_ns
    const until = next === undefined ? 2 * Math.max(endNs ?? mono_ns, mono_ns) : mono_ns + next
    carriedNs.set(comm, (carriedNs.get(comm) ?? 0) + (until - since) / 2)
  })
  let longest: string | null = null
  for (const [comm, ns] of carriedNs) if (longest === null || ns >= (carriedNs.get(longest) ?? 0)) longest = comm
  if (longest !== null) return longest
  return snapshots.length === 0 ? null : expectedComm(command)
}

/** Whether it had more than one name. Pure. */
export function commDrifted(snapshots: readonly ProcSnapshot[]): boolean {
  return new Set(snapshots.filter(isWorkload).map(({ comm }) => comm)).size > 1
}

/** What an exec of this file is called: the first 15 bytes of its name. Pure. */
export function expectedComm(command: string): string {
  const name = command.slice(command.lastIndexOf('/') + 1)
  return Buffer.from(name).subarray(0, 15).toString()
}

/** After the gate: before it the process was our shell. */
function isWorkload({ exec_seq }: ProcSnapshot): boolean {
  return exec_seq > 0
}
