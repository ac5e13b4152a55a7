import type { ProcSnapshot } from './proc-snapshot.ts'
import type { HeldProcess } from './procfs/held-process.ts'
import { numberAfter } from './procfs/number-after.ts'
import { scratch } from './procfs/scratch.ts'

/** The kernel walks all pages, and holds what the process needs for a page fault: 45 µs for 2 MB, 22 ms for 2 GB. */
const MOST_RSS_KB = 256 * 1024

/**
 * Adds the proportional set size to a row; names it in `na` where it cannot be read, or would take too long. Opened for this read: a
 * descriptor that is older than the last exec answers nothing.
 */
export function addProportionalMemory(row: ProcSnapshot, held: HeldProcess): void {
  const tooLarge = row.vm_rss_kb === null || row.vm_rss_kb > MOST_RSS_KB
  const length = tooLarge ? 'EFBIG' : held.file('smaps_rollup', false).read()
  const kb = typeof length === 'number' ? numberAfter(scratch.toString('latin1', 0, length), 'Pss:') : null
  Object.assign(row, kb === null ? { na: [...row.na, 'vm_pss_kb'] } : { vm_pss_kb: kb })
}
