import type { ProcSnapshot } from './proc-snapshot.ts'
import { openFdCounter } from './procfs/fd-count.ts'
import type { HeldProcess } from './procfs/held-process.ts'
import { emptyIo, type IoFields, parseIo } from './procfs/io.ts'
import { parseFdSoftLimit } from './procfs/limits.ts'
import { parseNumber } from './procfs/one-number.ts'
import { scratch } from './procfs/scratch.ts'
import { STAT, type StatFields } from './procfs/stat.ts'
import { stateWord } from './procfs/state-word.ts'
import { emptyStatus, parseStatus } from './procfs/status.ts'

/** The columns of a row that describe the process alone. */
export type ProcessColumns = Omit<
  ProcSnapshot,
  | 'event'
  | 'seq'
  | 'captured_at'
  | 'mono_ns'
  | 'wall_ms'
  | 'boot_ms'
  | 'gap_ms'
  | 'interval_ms'
  | 'cpu_percent'
  | 'vm_pss_kb'
  | 'tree'
>

export interface ProcessReader {
  /** Null when the process is gone. A zombie still has its `stat`. */
  read(): ProcessColumns | null
  /** What the last `read` found; valid until the next. Null: the process was gone, or this is not ours to read. */
  stat(): StatFields | null
  io(): IoFields | null
  close(): void
}

/** What changes rarely is read every tenth time. */
const RARELY = 10

/**
 * Reads one held process. `stat` is the floor; everything else is optional (another uid's process, a program that is not dumpable,
 * gVisor) and each column by itself null and named in `na`. Costs 13 small reads at first and 8 as a rule.
 */
export function openProcessReader(held: HeldProcess): ProcessReader {
  const files = {
    status: held.file('status'),
    io: held.file('io'),
    oomScore: held.file('oom_score'),
    oomAdj: held.file('oom_score_adj'),
    wchan: held.file('wchan'),
    limits: held.file('limits'),
    schedstat: held.file('schedstat'),
  }
  const fds = openFdCounter(held)
  const status = emptyStatus()
  const io = emptyIo()
  let reads = 0
  let oomAdj: number | null = null
  let fdLimit: number | null = null
  let argStart: number | null = null
  let execSeq = 0
  let stat: StatFields | null = null
  let hasIo = false

  const read = (): ProcessColumns | null => {
    stat = held.stat()
    if (stat === null) return null
    const { at } = stat
    // The arguments lie elsewhere after an exec, which keeps pid and start time. 0 where the kernel hides addresses.
    const nowArgStart = at[STAT.argStart] as number
    const { comm } = stat
    const ended = stat.state === 'Z' || stat.state === 'X'
    if (nowArgStart > 0 && !ended) {
      if (argStart !== null && argStart !== nowArgStart) execSeq += 1
      argStart = nowArgStart
    }
    const statusLength = files.status.read()
    parseStatus(scratch, typeof statusLength === 'number' ? statusLength : 0, status)
    const ioLength = files.io.read()
    hasIo = typeof ioLength === 'number' && parseIo(scratch, ioLength, io)
    const oomScore = number(files.oomScore.read())
    const wchanLength = files.wchan.read()
    const wchan =
      typeof wchanLength === 'number' && wchanLength > 0 ? scratch.toString('latin1', 0, wchanLength).trim() : null
    const runDelay = number(files.schedstat.read(), 1)
    if (reads % RARELY === 0) {
      oomAdj = number(files.oomAdj.read())
      const limitsLength = files.limits.read()
      fdLimit = typeof limitsLength === 'number' ? parseFdSoftLimit(scratch, limitsLength) : null
    }
    reads += 1
    const columns = {
      pid: held.pid,
      starttime_ticks: at[STAT.starttime] as number,
      exec_seq: execSeq,
      comm,
      state: stateWord(stat.state),
      threads: at[STAT.threads] as number,
      utime_ticks: at[STAT.utime] as number,
      stime_ticks: at[STAT.stime] as number,
      children_ticks: (at[STAT.cutime] as number) + (at[STAT.cstime] as number),
      majflt: at[STAT.majflt] as number,
      wait_status: ended ? orNull(at[STAT.exitCode] as number) : null,
      vm_rss_kb: status.VmRSS,
      vm_hwm_kb: status.VmHWM,
      vm_swap_kb: status.VmSwap,
      core_dumping: status.CoreDumping === null ? null : status.CoreDumping > 0,
      sig_pnd: status.SigPnd,
      shd_pnd: status.ShdPnd,
      sig_blk: status.SigBlk,
      sig_ign: status.SigIgn,
      sig_cgt: status.SigCgt,
      ctx_switches_voluntary: status.voluntary_ctxt_switches,
      ctx_switches_involuntary: status.nonvoluntary_ctxt_switches,
      fd_count: ended ? null : fds.count(),
      fd_soft_limit: fdLimit,
      oom_score: oomScore,
      oom_score_adj: oomAdj,
      wchan,
      io_read_bytes: hasIo ? io.readBytes : null,
      io_write_bytes: hasIo ? io.writeBytes : null,
      io_rchar: hasIo ? io.rchar : null,
      io_wchar: hasIo ? io.wchar : null,
      run_delay_ns: runDelay,
    }
    return { ...columns, na: missing(columns) }
  }

  return {
    read,
    stat: () => stat,
    io: () => (hasIo ? io : null),
    close() {
      for (const file of Object.values(files)) file.close()
      fds.close()
    },
  }
}

function number(length: number | string, nth = 0): number | null {
  return typeof length === 'number' ? parseNumber(scratch, length, nth) : null
}

function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value
}

const NONE: readonly string[] = Object.freeze([])

/** Almost always none. `wait_status` belongs to the ended and is not missing elsewhere. */
function missing(columns: Readonly<Record<string, unknown>>): readonly string[] {
  let names: string[] | null = null
  for (const name in columns) {
    if (columns[name] === null && name !== 'wait_status') (names ??= []).push(name)
  }
  return names ?? NONE
}
