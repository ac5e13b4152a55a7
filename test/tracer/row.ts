/** A row of a healthy process, one second after another. */
import type { ProcSnapshot } from '../../src/tracer/proc-snapshot.ts'

export function row(seq: number, changed: Partial<ProcSnapshot> = {}): ProcSnapshot {
  return {
    event: 'snapshot',
    seq,
    captured_at: new Date(1_700_000_000_000 + seq * 1000).toISOString(),
    mono_ns: seq * 1e9,
    wall_ms: 1_700_000_000_000 + seq * 1000,
    boot_ms: 50_000 + seq * 1000,
    gap_ms: seq === 0 ? null : 1000,
    interval_ms: seq === 0 ? null : 1000,
    pid: 42,
    starttime_ticks: 4200,
    exec_seq: 0,
    comm: 'node',
    state: 'sleeping',
    threads: 7,
    utime_ticks: 0,
    stime_ticks: 0,
    children_ticks: 0,
    cpu_percent: 0,
    majflt: 0,
    wait_status: null,
    vm_rss_kb: 50_000,
    vm_hwm_kb: 50_000,
    vm_swap_kb: 0,
    vm_pss_kb: null,
    core_dumping: false,
    sig_pnd: '0000000000000000',
    shd_pnd: '0000000000000000',
    sig_blk: '0000000000000000',
    sig_ign: '0000000000000000',
    sig_cgt: '0000000000000000',
    ctx_switches_voluntary: 0,
    ctx_switches_involuntary: 0,
    fd_count: 10,
    fd_soft_limit: 1024,
    oom_score: 666,
    oom_score_adj: 0,
    wchan: 'do_epoll_wait',
    io_read_bytes: 0,
    io_write_bytes: 0,
    io_rchar: 0,
    io_wchar: 0,
    run_delay_ns: 0,
    tree: tree({}),
    na: [],
    ...changed,
  }
}

export function tree(changed: Partial<ProcSnapshot['tree']>): ProcSnapshot['tree'] {
  return {
    procs: 1,
    threads: 7,
    rss_kb: 50_000,
    cpu_ticks: 0,
    io_read_bytes: 0,
    io_write_bytes: 0,
    zombies: 0,
    top_rss: [],
    top_cpu: [],
    ...changed,
  }
}

/** Rows 0 to `count` - 1, each as `make` says. */
export function rows(count: number, make: (seq: number) => Partial<ProcSnapshot>): readonly ProcSnapshot[] {
  return Array.from({ length: count }, (_, seq) => row(seq, make(seq)))
}
