import { childrenOf } from '../tracer/procfs/descendants.ts'
import { type HeldProcess, holdProcess } from '../tracer/procfs/held-process.ts'
import { STAT } from '../tracer/procfs/stat.ts'

/** The processes of a session, each held: a number that is given to a stranger later is none of them. */
export interface Family {
  /** Looks for new descendants of everybody who is in it. */
  grow(): void
  /** Takes in whom the caller holds, and closes them with the others. */
  adopt(held: readonly HeldProcess[]): void
  /** Who still runs; parents before their children. Zombies do not. */
  alive(): readonly HeldProcess[]
  close(): void
}

/**
 * Race R33: a descendant's number is read, it ends, and the number goes to a stranger before it is held. So its parent is looked
 * at again through the held process: only who still is a child of the family joins it.
 */
export function openFamily(roots: readonly number[], procRoot = '/proc'): Family {
  const members = new Map<number, HeldProcess>()
  const join = (pid: number, parent: number | null): void => {
    const known = members.get(pid)
    if (known?.alive() === true) return
    const held = holdProcess(pid, procRoot)
    if (held === null) return
    if (parent !== null && held.stat()?.at[STAT.ppid] !== parent) return held.close()
    known?.close()
    members.delete(pid) // and to the end: a Map keeps the old place
    members.set(pid, held)
  }
  const grow = (): void => {
    // A Map's iterator also meets what is added on the way: breadth first, parents before children.
    for (const [parent, held] of members) {
      if (!held.alive()) continue
      for (const child of childrenOf(held.path('.'))) join(child, parent)
    }
  }
  for (const pid of roots) join(pid, null)
  return {
    grow,
    adopt(newcomers) {
      for (const held of newcomers) {
        if (members.get(held.pid)?.alive() === true) held.close()
        else members.set(held.pid, held)
      }
    },
    alive: () => [...members.values()].filter((held) => held.alive()),
    close() {
      for (const held of members.values()) held.close()
      members.clear()
    },
  }
}
