import type { ProcessReader } from './process-reader.ts'
import { emptyIo, type IoFields, parseIo } from './procfs/io.ts'
import type { HeldProcess } from './procfs/held-process.ts'
import { openProcFile, type ProcFile } from './procfs/proc-file.ts'
import { scratch } from './procfs/scratch.ts'
import { parsePids, threadsOf } from './procfs/descendants.ts'
import { emptyStat, parseStat, STAT, type StatFields } from './procfs/stat.ts'

/** A descendant of the traced process. */
export interface TreeMemberReader {
  readonly pid: number
  /** CPU ticks of its own at the last look; -1 before the first. */
  lastTicks: number
  /** Null when the process is gone, or its number belongs to another by now. Valid until the next call. */
  stat(): StatFields | null
  /** Null when it is not ours to read. Valid until the next call. */
  io(): IoFields | null
  /** Adds its children to `into`; those of all its threads if so wanted (a child belongs to the thread that forked it). */
  children(everyThread: boolean, into: number[]): void
  readonly kept: boolean
  close(): void
}

/** Null when there is no such process any more. `keep: false` for those above the cap: they are known again by their start ticks. */
export function openTreeMember(pid: number, procRoot: string, keep: boolean): TreeMemberReader | null {
  const folder = `${procRoot}/${pid}`
  const statFile = openProcFile(`${folder}/stat`, keep)
  const childrenFile = openProcFile(`${folder}/task/${pid}/children`, keep)
  const ioFile = openProcFile(`${folder}/io`, keep)
  const fields = emptyStat()
  const ioFields = emptyIo()
  let starttime: number | null = null

  const stat = (): StatFields | null => {
    const length = statFile.read()
    if (typeof length !== 'number' || !parseStat(scratch, length, fields)) return null
    const ticks = fields.at[STAT.starttime] as number
    starttime ??= ticks
    return ticks === starttime ? fields : null
  }
  const close = (): void => {
    statFile.close()
    childrenFile.close()
    ioFile.close()
  }
  // Read last: if the process answers now, the other files were opened while it lived, and are its own.
  if (stat() === null) {
    close()
    return null
  }
  return {
    pid,
    kept: keep,
    lastTicks: -1,
    stat,
    io() {
      const length = ioFile.read()
      return typeof length === 'number' && parseIo(scratch, length, ioFields) ? ioFields : null
    },
    children: (everyThread, into) => readChildren(childrenFile, everyThread ? folder : null, pid, into),
    close,
  }
}

/** The traced process itself, whose `stat` and `io` the row has just read: what `last` says of them. */
export function rootMember(held: HeldProcess, last: Pick<ProcessReader, 'stat' | 'io'>): TreeMemberReader {
  const { pid } = held
  const childrenFile = held.file(`task/${pid}/children`)
  return {
    pid,
    kept: true,
    lastTicks: -1,
    stat: last.stat,
    io: last.io,
    children: (everyThread, into) => readChildren(childrenFile, everyThread ? held.path('.') : null, pid, into),
    close: () => childrenFile.close(),
  }
}

/** Adds to `into` those of the first thread, and with the process's `folder` those of all others. */
function readChildren(first: ProcFile, folder: string | null, pid: number, into: number[]): void {
  const length = first.read()
  if (typeof length === 'number') parsePids(length, into)
  if (folder === null) return
  for (const thread of threadsOf(folder)) {
    if (thread === String(pid)) continue
    const more = openProcFile(`${folder}/task/${thread}/children`, false).read()
    if (typeof more === 'number') parsePids(more, into)
  }
}
