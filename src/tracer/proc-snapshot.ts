/**
 * One look at a process and its descendants: a row of `proc_trace.jsonl`. Null, and named in `na`, is what could not be read;
 * never 0 or `''`. Memory in KiB, CPU in clock ticks of 10 ms.
 */
export interface ProcSnapshot {
  readonly event: 'snapshot'
  /** From 0, without holes but for rows that were thinned out of memory. */
  readonly seq: number
  readonly pid: number
  /** ISO, UTC, six decimals; strictly increasing: at least 1 µs after the row before, whatever the wall clock did. For display. */
  readonly captured_at: string
  /** CLOCK_MONOTONIC: order and durations. Stands still while the machine is suspended. */
  readonly mono_ns: number
  readonly wall_ms: number
  /** CLOCK_BOOTTIME from /proc/uptime; counts suspends. */
  readonly boot_ms: number | null
  /** Since the row before, and what was planned; null in the first row. */
  readonly gap_ms: number | null
  readonly interval_ms: number | null
  /** The process, as far as the kernel tells: pid and this. */
  readonly starttime_ticks: number
  /** How many execs were seen since the first row. */
  readonly exec_seq: number
  readonly comm: string
  readonly state: ProcState
  readonly threads: number
  readonly utime_ticks: number
  readonly stime_ticks: number
  /** Of waited-for children: what short-lived ones used. */
  readonly children_ticks: number
  /** Of one core, since the row before; in the first row since the process began. */
  readonly cpu_percent: number | null
  readonly majflt: number
  /** The raw wait status of a zombie: 9 is SIGKILL, 256 × n is exit code n, bit 0x80 a core. Null while it runs. */
  readonly wait_status: number | null
  readonly vm_rss_kb: number | null
  /** The kernel's own peak of vm_rss_kb; starts again at exec. */
  readonly vm_hwm_kb: number | null
  readonly vm_swap_kb: number | null
  /** Its share of what it shares: read once, for the row that opened the first anomaly. Null in every other row, without being in `na`. */
  readonly vm_pss_kb: number | null
  readonly core_dumping: boolean | null
  /** Hex masks. `shd_pnd` is where kill(2) pends; `sig_pnd` is the main thread's. */
  readonly sig_pnd: string | null
  readonly shd_pnd: string | null
  readonly sig_blk: string | null
  readonly sig_ign: string | null
  readonly sig_cgt: string | null
  readonly ctx_switches_voluntary: number | null
  readonly ctx_switches_involuntary: number | null
  /** -1: unlimited. */
  readonly fd_count: number | null
  readonly fd_soft_limit: number | null
  readonly oom_score: number | null
  readonly oom_score_adj: number | null
  /** Where in the kernel it waits; `'0'` while it runs. */
  readonly wchan: string | null
  /** From and to storage. */
  readonly io_read_bytes: number | null
  readonly io_write_bytes: number | null
  /** Through read(2) and write(2), files, pipes and terminals alike. */
  readonly io_rchar: number | null
  readonly io_wchar: number | null
  /** Time the main thread was ready and had to wait for a core. */
  readonly run_delay_ns: number | null
  /** The process and its descendants. */
  readonly tree: TreeSnapshot
  /** Names of the fields above that could not be read. */
  readonly na: readonly string[]
}

export type ProcState =
  | 'running'
  | 'sleeping'
  | 'disk-sleep'
  | 'stopped'
  | 'tracing-stop'
  | 'zombie'
  | 'dead'
  | 'idle'
  | 'unknown'

/** Sums over the process and its descendants. Memory shared between them counts for each. */
export interface TreeSnapshot {
  readonly procs: number
  readonly threads: number
  readonly rss_kb: number
  readonly cpu_ticks: number
  readonly io_read_bytes: number
  readonly io_write_bytes: number
  /** Descendants that have ended and were not waited for. */
  readonly zombies: number
  /** The three largest, and the three busiest since the row before. */
  readonly top_rss: readonly TreeMember[]
  readonly top_cpu: readonly TreeMember[]
}

export interface TreeMember {
  readonly pid: number
  readonly comm: string
  readonly rss_kb: number
  /** Since the row before. */
  readonly cpu_ticks: number
}

/** One line, without its newline. */
export function encodeSnapshot(snapshot: ProcSnapshot): string {
  return JSON.stringify(snapshot)
}

const NUMBERS = ['seq', 'pid', 'mono_ns', 'wall_ms', 'starttime_ticks', 'exec_seq', 'threads'] as const

/** A line of `proc_trace.jsonl`; null when it is torn, or no snapshot. Never throws. */
export function parseSnapshot(line: string): ProcSnapshot | null {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return null // the last line of a killed writer
  }
  if (typeof value !== 'object' || value === null) return null
  const row = value as Record<string, unknown>
  const tree = row['tree']
  if (
    row['event'] !== 'snapshot' ||
    typeof row['comm'] !== 'string' ||
    typeof row['captured_at'] !== 'string' ||
    typeof tree !== 'object' ||
    tree === null ||
    typeof (tree as Record<string, unknown>)['rss_kb'] !== 'number' ||
    !Array.isArray(row['na']) ||
    !NUMBERS.every((name) => typeof row[name] === 'number')
  )
    return null
  return value as ProcSnapshot
}
