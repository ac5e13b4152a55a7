import { probeProcess } from '../platform/process-instance.ts'
import { childrenOf } from '../tracer/procfs/descendants.ts'
import { holdProcess } from '../tracer/procfs/held-process.ts'
import { STAT } from '../tracer/procfs/stat.ts'

/** What is known when the shim has spoken, or could not. */
export interface PidFacts {
  /** The process we started: script(1), or the shim itself. */
  readonly childPid: number
  /** The child is script(1), and the workload is below it. */
  readonly wrapped: boolean
  /** What the shim said on descriptor 3; null: nothing in time. */
  readonly reported: number | null
}

export type WorkloadPid =
  | { readonly kind: 'resolved'; readonly pid: number; readonly by: 'child' | 'gate' | 'only-child' }
  | { readonly kind: 'unresolved'; readonly reason: 'wrapper-gone' | 'no-child' | 'many-children' | 'not-ours' }

/**
 * Who the workload is. Without a wrapper: our child, certainly. With one: who spoke through the gate, if it is a child of the
 * wrapper; else the wrapper's only child, if that is no longer the wrapper's own fork. Never the wrapper, and never a guess.
 */
export function resolveWorkloadPid({ childPid, wrapped, reported }: PidFacts, procRoot = '/proc'): WorkloadPid {
  if (!wrapped) return { kind: 'resolved', pid: childPid, by: 'child' }
  if (probeProcess(childPid, procRoot) === null) return { kind: 'unresolved', reason: 'wrapper-gone' }
  const children = childrenOf(`${procRoot}/${childPid}`)
  // A pid of another pid namespace (a `script` that is itself a wrapper into a container) is nobody's child here.
  if (reported !== null && parentOf(reported, procRoot) === childPid)
    return { kind: 'resolved', pid: reported, by: 'gate' }
  const [only, ...more] = children
  if (only === undefined) return { kind: 'unresolved', reason: 'no-child' }
  if (more.length > 0) return { kind: 'unresolved', reason: 'many-children' }
  return isStill('script', only, procRoot)
    ? { kind: 'unresolved', reason: 'not-ours' }
    : { kind: 'resolved', pid: only, by: 'only-child' }
}

function parentOf(pid: number, procRoot: string): number | null {
  const held = holdProcess(pid, procRoot)
  const parent = held?.stat()?.at[STAT.ppid] ?? null
  held?.close()
  return parent
}

function isStill(comm: string, pid: number, procRoot: string): boolean {
  const held = holdProcess(pid, procRoot)
  const same = held?.stat()?.comm === comm
  held?.close()
  return same
}
