/**
 * A mark in the environment of the workload, and so of all that it starts: who has lost its parents by a double fork and its session by
 * `setsid` still has that. Not who cleared its environment, who runs as somebody else, and who may not be looked into.
 */
import fs from 'node:fs'
import { type HeldProcess, holdProcess } from '../tracer/procfs/held-process.ts'

/** Its value is the session's id. */
export const SESSION_VARIABLE = 'AFTERWORD_SESSION'

/** More processes than a machine has as a rule; a look at each costs 10 to 20 µs. */
const LOOKS_MAX = 4096

/**
 * Who carries the mark of this session now, each held; the caller closes them. Zombies have no environment any more. Empty where there
 * is no /proc. Never throws.
 *
 * Race R35: a number is given to a stranger between the look into its environment and its being held: so that is read through the held
 * process, and not by its number.
 */
export function markedProcesses(sessionId: string, procRoot = '/proc'): readonly HeldProcess[] {
  const mark = Buffer.from(`\0${SESSION_VARIABLE}=${sessionId}\0`)
  const marked: HeldProcess[] = []
  for (const pid of pidsIn(procRoot)) {
    if (pid === process.pid || !carries(`${procRoot}/${pid}/environ`, mark)) continue
    const held = holdProcess(pid, procRoot)
    if (held === null) continue
    if (carries(held.path('environ'), mark)) marked.push(held)
    else held.close()
  }
  return marked
}

/** The youngest come last, and so does what the session started: of too many these are taken. */
function pidsIn(procRoot: string): readonly number[] {
  try {
    return fs
      .readdirSync(procRoot)
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .slice(-LOOKS_MAX)
  } catch {
    return []
  }
}

function carries(path: string, mark: Buffer): boolean {
  try {
    return Buffer.concat([Buffer.from('\0'), fs.readFileSync(path)]).includes(mark)
  } catch {
    return false // ended, or not ours to look into
  }
}
