/**
 * rename(2), also on Windows: there a rename onto a file that somebody has open, for reading too, is EPERM for as long as they have
 * it (seen with node.exe under Wine; on a real Windows virus scanners do it to everybody). Readers here are done in a millisecond.
 */
import { fs } from './fs.ts'
import { errorCode } from './read-small-file.ts'

const STEP_MS = 5
const PATIENCE_MS = 250

/** Blocks for up to a quarter of a second on Windows; throws the errno error. `rename` and `windows` are for tests. */
export function renameOver(
  from: string,
  to: string,
  windows: boolean = process.platform === 'win32',
  rename: (from: string, to: string) => void = fs.renameSync,
): void {
  if (windows) retryOnWindows(() => rename(from, to), windows)
  else rename(from, to)
}

/**
 * Tries again while Windows says that somebody has the file open.
 * @rare
 */
export function retryOnWindows<T>(change: () => T, windows: boolean = process.platform === 'win32'): T {
  for (let waitedMs = 0; ; waitedMs += STEP_MS) {
    try {
      return change()
    } catch (error) {
      if (!windows || waitedMs >= PATIENCE_MS || !/^(EPERM|EACCES|EBUSY)$/.test(errorCode(error))) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STEP_MS)
    }
  }
}
