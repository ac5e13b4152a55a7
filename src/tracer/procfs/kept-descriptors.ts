import fs from 'node:fs'

/** At most so many processes are held by open descriptors. */
const MOST = 64
const DESCRIPTORS_EACH = 3

/**
 * How many descendants may be held open: 64, or what a quarter of our own descriptor limit allows; the rest of the table is our
 * caller's. Never throws.
 */
export function mostKeptProcesses(procRoot = '/proc'): number {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(fs.readFileSync(`${procRoot}/self/limits`, 'latin1'))?.[1]
    return limit === undefined ? MOST : Math.min(MOST, Math.floor(Number(limit) / 4 / DESCRIPTORS_EACH))
  } catch {
    return MOST // a recorded tree has no self
  }
}
