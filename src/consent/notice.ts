/** The first-run notice: what it says, and showing it once for all processes of a user. */
import { fs } from '../files/fs.ts'
import { errorCode } from '../files/read-small-file.ts'

/**
 * Four lines, at most 80 columns for names up to 29 and addresses up to 55 characters. Names only switches that always exist: a
 * host need not have a `telemetry` command.
 */
export function noticeText(notice: { readonly app: string; readonly url: string; readonly variable: string }): string {
  return [
    `${notice.app} collects usage data; nothing has been sent so far.`,
    'It says which commands run, how long they take and how they end.',
    `Everything that is sent: ${notice.url}`,
    `To say no, set ${notice.variable}=0 or DO_NOT_TRACK=1.`,
    '',
  ].join('\n')
}

/**
 * Shows `text` in one write, if this process is the first. Never throws.
 *
 * Race: of many processes that find it due, the one whose O_EXCL makes the marker shows it. If it then cannot write, it takes
 * the marker away again, so that the notice stays due; the others have said `already` in good faith and show nothing.
 *
 * @param marker path of `notice-shown`; its directory must exist
 * @returns `failed`: not shown, and still due
 */
export function showNotice(
  marker: string,
  text: string,
  write: (text: string) => void = writeToStderr,
): 'shown' | 'already' | 'failed' {
  try {
    fs.closeSync(fs.openSync(marker, 'wx', 0o600))
  } catch (error) {
    return errorCode(error) === 'EEXIST' ? 'already' : 'failed'
  }
  try {
    write(text)
    return 'shown'
  } catch {
    try {
      fs.rmSync(marker)
    } catch {
      // The directory turned read-only in between: the notice passes for shown. Nothing is left to do here.
    }
    return 'failed'
  }
}

/** Straight to the descriptor: `process.stderr` may be patched, and buffers on pipes. A full or closed pipe throws. */
function writeToStderr(text: string): void {
  if (fs.writeSync(2, text) < Buffer.byteLength(text)) throw new Error('showing the notice: stderr took a part of it')
}
