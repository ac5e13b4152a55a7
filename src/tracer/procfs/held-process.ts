import fs from 'node:fs'
import { openProcFile, type ProcFile, tryOpen } from './proc-file.ts'
import { scratch } from './scratch.ts'
import { emptyStat, parseStat, STAT, type StatFields } from './stat.ts'

/**
 * One process, held by open descriptors of its /proc directory: not the number, the process. When it is gone they answer ESRCH,
 * whoever has its number by then. What a pidfd is, in plain JavaScript.
 */
export interface HeldProcess {
  readonly pid: number
  /** Clock ticks (10 ms) after boot. */
  readonly starttimeTicks: number
  /** False as soon as it has ended: gone, or a zombie that nobody has waited for. One read; never throws. */
  alive(): boolean
  /** Reads `stat` again; null when the process is gone. The result is valid until the next call. */
  stat(): StatFields | null
  /** A file of the process, opened through the held directory: of this process or of none. */
  file(name: string, keep?: boolean): ProcFile
  /** `/proc/self/fd/N/name`: for calls that want a path. Of this process or of none, until `close()`. */
  path(name: string): string
  close(): void
}

/**
 * Holds the process that has this number now; null when there is none or its `stat` cannot be read. Two descriptors.
 *
 * Race R14: the number is given to another process between two opens. The directory comes first, everything else is opened
 * through it, so all of it belongs to one process; the caller compares `starttimeTicks` with the one it meant.
 */
export function holdProcess(pid: number, procRoot = '/proc'): HeldProcess | null {
  const { O_RDONLY, O_DIRECTORY } = fs.constants
  const directory = tryOpen(`${procRoot}/${pid}`, O_RDONLY | O_DIRECTORY)
  if (typeof directory === 'string') return null
  const path = (name: string): string => `/proc/self/fd/${directory}/${name}`
  const file = openProcFile(path('stat'))
  const fields = emptyStat()
  let open = true
  const stat = (): StatFields | null => {
    if (!open) return null
    const length = file.read()
    return typeof length === 'number' && parseStat(scratch, length, fields) ? fields : null
  }
  const close = (): void => {
    if (!open) return
    open = false
    file.close()
    fs.closeSync(directory)
  }
  const first = stat()
  if (first === null) {
    close()
    return null
  }
  return {
    pid,
    starttimeTicks: first.at[STAT.starttime] as number,
    alive() {
      const now = stat()
      return now !== null && now.state !== 'Z' && now.state !== 'X' && now.state !== 'x'
    },
    stat,
    file: (name, keep) => openProcFile(path(name), keep),
    path,
    close,
  }
}
