import fs from 'node:fs'
import { scratch } from './scratch.ts'

/**
 * A file of /proc that is read again and again. The kernel makes its content anew at each read from position 0, and a descriptor
 * kept open on `/proc/PID/x` is bound to that process, not to the number: once it is gone, reading answers ESRCH even when the
 * number lives again. It also costs a quarter of opening the file each time (docs/evidence.md, tracer).
 */
export interface ProcFile {
  /** Reads into {@link scratch}; the length, or the error's code (`ESRCH`, `ENOENT`, `EACCES`, `EMFILE` …). Never throws. */
  read(): number | string
  close(): void
}

/** `keep: false` opens the file for each read: for what there are too many of. Never throws. */
export function openProcFile(path: string, keep = true): ProcFile {
  let fd: number | null = null
  const kept = keep ? tryOpen(path) : null
  if (typeof kept === 'number') fd = kept
  return {
    read() {
      if (fd !== null) return pread(fd)
      // What could not be opened at the start is tried again: an exec can make it readable, a full descriptor table can empty.
      const opened = tryOpen(path)
      if (typeof opened === 'string') return opened
      const length = pread(opened)
      if (keep) fd = opened
      else fs.closeSync(opened)
      return length
    },
    close() {
      if (fd === null) return
      fs.closeSync(fd)
      fd = null
    },
  }
}

/** The descriptor, or the error's code. */
export function tryOpen(path: string, flags: number = fs.constants.O_RDONLY): number | string {
  try {
    return fs.openSync(path, flags)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'EIO'
  }
}

function pread(fd: number): number | string {
  try {
    return fs.readSync(fd, scratch, 0, scratch.length, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'EIO'
  }
}
