import { openClocks } from './clocks.ts'
import type { ProcSnapshot } from './proc-snapshot.ts'
import type { HeldProcess } from './procfs/held-process.ts'
import { openProcessReader, type ProcessColumns } from './process-reader.ts'
import type { TracingSeams } from './tracing-seams.ts'
import { rootMember } from './tree-member.ts'
import { openTreeReader } from './tree-reader.ts'

export interface Sample {
  readonly row: ProcSnapshot
  /** An exec or a new descendant: worth a closer look. */
  readonly eventful: boolean
}

/** Takes rows of one held process and its descendants. */
export interface Sampler {
  /** Null when the process is gone. `intervalMs` is what was planned since the row before. */
  sample(intervalMs: number | null): Sample | null
  /** Descendants that live now. */
  living(): readonly number[]
  close(): void
}

/** Of Linux's user interface: 100 on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100

export function openSampler(held: HeldProcess, seams: TracingSeams): Sampler {
  const clocks = openClocks(seams)
  const reader = openProcessReader(held)
  const tree = openTreeReader(rootMember(held, reader), seams.procRoot)
  let seq = 0
  let previous: ProcSnapshot | null = null
  return {
    sample(intervalMs) {
      const columns = reader.read()
      if (columns === null) return null
      const look = tree.read()
      const time = clocks.read()
      const cpuPercent = cpuPercentOf(columns, time, previous)
      const row: ProcSnapshot = {
        event: 'snapshot',
        seq,
        ...time,
        gap_ms: previous === null ? null : (time.mono_ns - previous.mono_ns) / 1e6,
        interval_ms: previous === null ? null : intervalMs,
        ...columns,
        cpu_percent: cpuPercent,
        vm_pss_kb: null,
        tree: look.tree,
        na: cpuPercent === null ? [...columns.na, 'cpu_percent'] : columns.na,
      }
      const eventful = previous !== null && (look.grew || row.exec_seq !== previous.exec_seq)
      seq += 1
      previous = row
      return { row, eventful }
    },
    living: () => tree.living(),
    close() {
      clocks.close()
      reader.close()
      tree.close()
    },
  }
}

/** Over monotonic time, never over the wall clock; the first row counts from the process's start, over the boot clock. */
function cpuPercentOf(
  now: ProcessColumns,
  time: Pick<ProcSnapshot, 'mono_ns' | 'boot_ms'>,
  previous: ProcSnapshot | null,
): number | null {
  const ticks = now.utime_ticks + now.stime_ticks
  const [used, passedMs] =
    previous === null
      ? [ticks, time.boot_ms === null ? 0 : time.boot_ms - (now.starttime_ticks * 1000) / TICKS_PER_SECOND]
      : [ticks - previous.utime_ticks - previous.stime_ticks, (time.mono_ns - previous.mono_ns) / 1e6]
  if (passedMs <= 0) return null
  // Nothing used is 0 at any distance; a tick of 10 ms over less than that is no measure.
  if (used > 0 && passedMs < 1000 / TICKS_PER_SECOND) return null
  return Math.round(((used * 1000) / TICKS_PER_SECOND / passedMs) * 10_000) / 100
}
