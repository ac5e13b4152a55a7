/**
 * `telemetry/debug/`: diagnostics, only if the user makes that folder (`mkdir ~/.acme/telemetry/debug`), and nowhere else. Nothing
 * but the user deletes it; `off` does too.
 */
import { fs } from '../files/fs.ts'

const { O_APPEND, O_CREAT, O_WRONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants
/** A link is not followed, and a FIFO in its place blocks nobody. Windows has neither flag. */
const APPEND = O_WRONLY | O_APPEND | O_CREAT | (O_NOFOLLOW ?? 0) | (O_NONBLOCK ?? 0)

const LOG_BYTES_MAX = 1024 * 1024

/** Appends one line to `debug/log.txt`, up to 1 MiB. Without the folder: one `lstat`. Never throws. */
export function noteDebug(debugFolder: string, who: 'host' | 'reporter', text: string): void {
  try {
    if (fs.lstatSync(debugFolder, { throwIfNoEntry: false })?.isDirectory() !== true) return
    const path = `${debugFolder}/log.txt`
    if ((fs.lstatSync(path, { throwIfNoEntry: false })?.size ?? 0) > LOG_BYTES_MAX) return
    const line = `${new Date().toISOString()} ${who} ${process.pid} ${text.replace(/\s+/g, ' ')}\n`
    fs.appendFileSync(path, line, { flag: APPEND as unknown as string, mode: 0o600 })
  } catch {
    // it is for somebody who looks: who does not see a line sees the reason elsewhere (permissions, a full disk)
  }
}
