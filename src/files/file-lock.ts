/**
 * Mutual exclusion for changes of one small file, by proper-lockfile: a folder beside it, made by `mkdir`. Held only within one
 * synchronous turn of a few milliseconds. Not on the hot path.
 *
 * A holder killed by SIGKILL leaves the folder; it is taken over after {@link LOCK_STALE_MS}. A holder that was stopped for longer
 * than that and continued is the one case with two holders: hence `expected` in replaceFile.
 */
import { fs } from './fs.ts'
import lockfile from 'proper-lockfile'
import { errorCode } from './read-small-file.ts'

/** proper-lockfile's minimum. The same in every version of this package: different values break the exclusion. */
export const LOCK_STALE_MS = 2000
const RETRY_MS = 15

export type Locked<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'busy' }
  | { readonly kind: 'failed'; readonly reason: string }

/** Runs `change` while holding the lock of `path`, waiting (blocking) up to `waitMs` for it; 0 is one try. `change` must not throw. */
export function withFileLock<T>(path: string, waitMs: number, change: () => T): Locked<T> {
  const deadline = Date.now() + waitMs
  for (;;) {
    let release: (() => void) | undefined
    try {
      // onCompromised throws from a timer by default, and would kill the host.
      release = lockfile.lockSync(path, { realpath: false, stale: LOCK_STALE_MS, onCompromised: () => undefined })
      dateLock(`${path}.lock`)
      return { kind: 'done', value: change() }
    } catch (error) {
      const code = errorCode(error)
      if (code !== 'ELOCKED') return { kind: 'failed', reason: code }
      const left = deadline - Date.now()
      if (left <= 0) return { kind: 'busy' }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Math.min(RETRY_MS, left))
    } finally {
      releaseQuietly(release)
    }
  }
}

/** proper-lockfile probes the file system's precision with a date up to a second ahead, which would make a killed holder's lock stale in 3 s. */
function dateLock(folder: string): void {
  const now = new Date()
  try {
    fs.utimesSync(folder, now, now)
  } catch {
    // then it is stale a second later
  }
}

/** A lock that was taken over while we were stopped cannot be released any more, and need not be. */
function releaseQuietly(release: (() => void) | undefined): void {
  try {
    release?.()
  } catch {
    // ERELEASED or ENOTACQUIRED: not ours any more
  }
}
