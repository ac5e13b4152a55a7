import type { ProcSnapshot } from './proc-snapshot.ts'
import type { TracingPeaks } from './tracing.ts'

export const NO_PEAKS: TracingPeaks = { rssKb: null, treeRssKb: null, oomScore: null, fdRatio: null, cpuPercent: null }

/** The peaks with one more row. Pure. The kernel's high-water mark knows what happened between rows; it starts anew at exec. */
export function peaksWith(peaks: TracingPeaks, row: ProcSnapshot): TracingPeaks {
  const { fd_count, fd_soft_limit } = row
  return {
    rssKb: larger(larger(peaks.rssKb, row.vm_rss_kb), row.vm_hwm_kb),
    treeRssKb: larger(peaks.treeRssKb, row.tree.rss_kb),
    oomScore: larger(peaks.oomScore, row.oom_score),
    fdRatio: larger(
      peaks.fdRatio,
      fd_count === null || fd_soft_limit === null || fd_soft_limit <= 0 ? null : fd_count / fd_soft_limit,
    ),
    cpuPercent: larger(peaks.cpuPercent, row.cpu_percent),
  }
}

function larger(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b
  return Math.max(a, b)
}
