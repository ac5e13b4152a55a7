/** The look that saves most commands the rest of launch.ts. */
import { fs } from '../files/fs.ts'
import { LOCK_FUTURE_MS, LOCK_STALE_MS } from './limits.ts'

/**
 * Whether `reporter.lock` is a living reporter's, by its age alone (reporter-lock.ts). False also for what cannot be looked at: then
 * whoever takes the lock says why. The file must be in `pending/` by now: race R7.
 */
export function isReporterAtWork(lockPath: string, nowMs: number): boolean {
  try {
    const stat = fs.lstatSync(lockPath, { throwIfNoEntry: false })
    return stat !== undefined && !isStaleLock(nowMs - stat.mtimeMs)
  } catch {
    return false
  }
}

export function isStaleLock(ageMs: number): boolean {
  return ageMs > LOCK_STALE_MS || ageMs < -LOCK_FUTURE_MS
}
