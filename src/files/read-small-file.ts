/**
 * Reading the small files of a state directory as a guest in somebody else's process: never follows a link, never blocks on a
 * FIFO, never reads a device or a file that somebody grew to a gigabyte. Takes no lock: every file here is replaced by rename, so
 * what is read is always whole.
 */
import type { Stats } from 'node:fs'
import { S_IFMT, S_IFREG } from './file-type.ts'
import { fs } from './fs.ts'

export type SmallFile =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'absent' }
  /** There, but not to be read: EACCES, not a plain file, over the size, I/O error. `reason` is an errno code or one of ours. */
  | { readonly kind: 'unreadable'; readonly reason: string }

export const SMALL_FILE_BYTES_MAX: number = 64 * 1024

const FLAGS = fs.constants.O_RDONLY | (fs.constants.O_NOFOLLOW ?? 0) | (fs.constants.O_NONBLOCK ?? 0)

/** Never throws. One `lstat` and one read; on a missing file one `lstat`. */
export function readSmallFile(path: string): SmallFile {
  try {
    const stat = fs.lstatSync(path, { throwIfNoEntry: false })
    if (stat === undefined) return { kind: 'absent' }
    if ((stat.mode & S_IFMT) !== S_IFREG || stat.size > SMALL_FILE_BYTES_MAX) return oddFile(stat)
    // A string encoding takes Node's fast path: 41 µs cold against 350 for a Buffer (docs/evidence.md).
    return { kind: 'text', text: fs.readFileSync(path, { encoding: 'utf8', flag: FLAGS as unknown as string }) }
  } catch (error) {
    return notRead(error)
  }
}

/** @rare */
function oddFile(stat: Stats): SmallFile {
  return { kind: 'unreadable', reason: stat.isFile() ? 'too-large' : 'not-a-plain-file' }
}

/** @rare */
function notRead(error: unknown): SmallFile {
  const code = errorCode(error)
  return code === 'ENOENT' ? { kind: 'absent' } : { kind: 'unreadable', reason: code }
}

/**
 * The errno code of anything thrown, `'unknown'` if it has none.
 * @rare
 */
export function errorCode(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'unknown'
  const code = (error as { code?: unknown }).code
  return typeof code === 'string' ? code : 'unknown'
}
