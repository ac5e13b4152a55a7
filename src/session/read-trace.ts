/** `proc_trace.jsonl`, as far as it is whole: a killed writer's last line, and all after the first bad one, do not count. */
import fs from 'node:fs'

/** A row on disk, of which only what the summary needs is looked at. */
export type TraceRow = { readonly [name: string]: unknown }

export interface Trace {
  /** Of its first line; null: there is none. */
  readonly sessionId: string | null
  readonly rows: readonly TraceRow[]
}

const BYTES_MAX = 16 * 1024 * 1024

/** Never follows a link, never throws; what cannot be read is empty. Of what is over 16 MiB only the beginning. */
export function readTrace(path: string): Trace {
  const text = readText(path)
  const rows: TraceRow[] = []
  let sessionId: string | null = null
  const lines = text.split('\n')
  lines.pop() // empty, or torn
  for (const [index, line] of lines.entries()) {
    const row = parseRow(line)
    if (row === null) break
    if (index > 0) rows.push(row)
    else if (typeof row['session_id'] === 'string') sessionId = row['session_id']
    else break
  }
  return { sessionId, rows }
}

export interface TraceFigures {
  readonly snapshot_count: number
  readonly peak_rss_kb: number | null
  readonly peak_oom_score: number | null
  readonly peak_fd_ratio: number | null
  /** The most frequent name. */
  readonly tracked_comm: string | null
  readonly tracked_comm_drift: boolean
}

/** Peaks and names of the rows that are snapshots. Pure. */
export function figuresOf(rows: readonly TraceRow[]): TraceFigures {
  const snapshots = rows.filter((row) => typeof row['captured_at'] === 'string')
  const comms = new Map<string, number>()
  for (const { comm } of snapshots as { readonly comm?: unknown }[])
    if (typeof comm === 'string' && comm !== '') comms.set(comm, (comms.get(comm) ?? 0) + 1)
  const [most] = [...comms].sort((a, b) => b[1] - a[1])
  return {
    snapshot_count: snapshots.length,
    // The kernel keeps the peak between two looks, where it is asked for it.
    peak_rss_kb: peak(snapshots, (row) => Math.max(numberOf(row['vm_rss_kb']) ?? -1, numberOf(row['vm_hwm_kb']) ?? -1)),
    peak_oom_score: peak(snapshots, (row) => numberOf(row['oom_score']) ?? -1),
    peak_fd_ratio: peak(snapshots, (row) => {
      const limit = numberOf(row['fd_soft_limit']) ?? 0
      return limit > 0 ? (numberOf(row['fd_count']) ?? -1) / limit : -1
    }),
    tracked_comm: most?.[0] ?? null,
    tracked_comm_drift: comms.size > 1,
  }
}

function peak(rows: readonly TraceRow[], of: (row: TraceRow) => number): number | null {
  const most = rows.reduce((peakSoFar, row) => Math.max(peakSoFar, of(row)), -1)
  return most < 0 ? null : most
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}

function parseRow(line: string): TraceRow | null {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as TraceRow) : null
  } catch {
    return null
  }
}

function readText(path: string): string {
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = fs.constants
  let descriptor: number
  try {
    descriptor = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  } catch {
    return '' // never made, or a link
  }
  try {
    const stat = fs.fstatSync(descriptor)
    if (!stat.isFile()) return ''
    const bytes = Buffer.alloc(Math.min(stat.size, BYTES_MAX))
    return bytes.toString('utf8', 0, fs.readSync(descriptor, bytes, 0, bytes.length, 0))
  } catch {
    return '' // a bad block: nothing of it can be told
  } finally {
    fs.closeSync(descriptor)
  }
}
