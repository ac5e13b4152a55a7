import type { AnomalyKind, AnomalySeverity } from './anomaly.ts'
import type { AnomalyThresholds } from './anomaly-context.ts'
import type { AnomalyLook, AnomalyRule } from './anomaly-rule.ts'
import { growthRule } from './growth-rule.ts'
import type { ProcSnapshot } from './proc-snapshot.ts'

/** Fresh rules: some remember earlier rows. docs/tracer.md has them as a table. */
export function anomalyRules(t: AnomalyThresholds, memoryLimitKb: number | null): readonly AnomalyRule[] {
  return [
    rule('oom_spike', 'warning', 0, (row, previous) => {
      const share = memoryShare(row)
      const before = previous === null ? null : memoryShare(previous)
      if (share === null || before === null) return null
      return when(
        share - before > t.oomSpikeShare,
        share,
        () => `${percent(before)} -> ${percent(share)} of the memory at once`,
      )
    }),
    rule('oom_critical', 'critical', 0, (row) => {
      const share = memoryShare(row)
      if (share === null) return null
      return between(
        share,
        t.oomCriticalShare,
        t.oomCriticalShare * 0.875,
        () => `${percent(share)} of the machine's memory`,
      )
    }),
    rule('memory_pressure', 'warning', 0, (row) => {
      if (memoryLimitKb === null || memoryLimitKb <= 0) return null
      const share = (row.tree.rss_kb + (row.vm_swap_kb ?? 0)) / memoryLimitKb
      return {
        ...between(
          share,
          t.memoryPressureOn,
          t.memoryPressureOff,
          () => `${percent(share)} of ${memoryLimitKb} KiB allowed`,
        ),
        ...(share >= t.memoryPressureCritical ? { severity: 'critical' as const } : {}),
      }
    }),
    growthRule(t),
    rule('fd_high', 'warning', 0, ({ fd_count, fd_soft_limit }) => {
      if (fd_count === null || fd_soft_limit === null || fd_soft_limit <= 0) return null
      const share = fd_count / fd_soft_limit
      const off = share < t.fdOff
      return { on: share > t.fdOn, off, value: share, detail: () => `${fd_count} of ${fd_soft_limit} descriptors` }
    }),
    rule('zombie_detected', 'warning', t.zombieForMs, ({ tree }) =>
      when(tree.zombies > 0, tree.zombies, () => `${tree.zombies} descendants that nobody waits for`),
    ),
    rule('zombie_persistent', 'critical', t.zombiePersistentForMs, ({ tree }) =>
      when(tree.zombies > 0, tree.zombies, () => `${tree.zombies} descendants that nobody waits for`),
    ),
    waitRule(t),
    rule('high_cpu_sustained', 'warning', t.spinForMs, (row, previous) => {
      const cpu = row.cpu_percent
      if (cpu === null || row.io_rchar === null || row.io_wchar === null || previous === null) return null
      const silent = row.io_rchar === previous.io_rchar && row.io_wchar === previous.io_wchar
      const busy = cpu >= t.spinPercent
      return when(busy && silent, cpu, () => `${cpu.toFixed(0)} % of a core, nothing read or written`)
    }),
    rule('starved', 'info', t.starvedForMs, (row, previous) => {
      if (previous?.run_delay_ns == null || row.run_delay_ns === null) return null
      const share = (row.run_delay_ns - previous.run_delay_ns) / Math.max(1, row.mono_ns - previous.mono_ns)
      return when(share > t.starvedShare, share, () => `waited ${percent(share)} of the time for a core`)
    }),
    rule('signals_pending', 'warning', t.pendingForMs, (row) => {
      if (row.shd_pnd === null || row.sig_pnd === null || row.sig_blk === null) return null
      // Nearly always: a mask as a number costs more than all the other rules.
      if (row.sig_pnd === NO_SIGNALS && row.shd_pnd === NO_SIGNALS) return NOTHING_PENDING
      const held = (mask(row.sig_pnd) | mask(row.shd_pnd)) & mask(row.sig_blk)
      return when(held !== 0n, 1, () => `blocked and pending: ${held.toString(16)}`)
    }),
    rule('stopped', 'info', t.stoppedForMs, ({ state }) => when(state === 'stopped', 1, () => 'stopped by a signal')),
    rule('core_dumping', 'critical', 0, ({ core_dumping }) =>
      core_dumping === null ? null : when(core_dumping, 1, () => 'writing its core'),
    ),
    rule('sampler_gap', 'info', 0, ({ gap_ms, interval_ms }) =>
      gap_ms === null || interval_ms === null
        ? null
        : when(
            gap_ms > Math.max(t.gapIntervals * interval_ms, t.gapLeastMs),
            gap_ms,
            () => `${gap_ms.toFixed(0)} ms, planned ${interval_ms}`,
          ),
    ),
    rule('suspended', 'info', 0, (row, previous) => {
      const slept = previous === null ? null : sleptMs(row, previous)
      return slept === null
        ? null
        : when(slept > t.suspendedMs, slept, () => `the machine slept ${slept.toFixed(0)} ms`)
    }),
    rule('clock_step', 'info', 0, (row, previous) => {
      if (previous === null) return null
      const passed = (row.mono_ns - previous.mono_ns) / 1e6 + Math.max(0, sleptMs(row, previous) ?? 0)
      const step = row.wall_ms - previous.wall_ms - passed
      return when(Math.abs(step) > t.clockStepMs, Math.abs(step), () => `the wall clock moved by ${step.toFixed(0)} ms`)
    }),
  ]
}

function rule(kind: AnomalyKind, severity: AnomalySeverity, forMs: number, look: AnomalyRule['look']): AnomalyRule {
  return { kind, severity, forMs, look }
}

const NO_SIGNALS = '0000000000000000'
const NOTHING_PENDING = when(false, 0, () => '')

function when(on: boolean, value: number, detail: () => string): AnomalyLook {
  return { on, off: !on, value, detail }
}

function between(value: number, on: number, off: number, detail: () => string): AnomalyLook {
  return { on: value >= on, off: value < off, value, detail }
}

/**
 * How much of the machine's memory `oom_score` says it has, 0 to 1. Since Linux 5.9 the score is (1000 + adj + 1000 × share) × 2/3:
 * an idle process has 666, and one with an adj of 200 has 800 without using anything. Before, it was 1000 × share + adj.
 */
function memoryShare({ oom_score, oom_score_adj }: ProcSnapshot): number | null {
  if (oom_score === null || oom_score_adj === null) return null
  const share = oom_score * 1.5 - 1000 - oom_score_adj
  return Math.max(0, share < -50 ? oom_score - oom_score_adj : share) / 1000
}

/** Uninterruptible in one place. A parent in vfork waits so for its child's exec, and is well. Kernels add suffixes (`.constprop.0`). */
function waitRule(t: AnomalyThresholds): AnomalyRule {
  const benign =
    /^(0?|kernel_clone|_?do_fork|wait_for_vfork_done|do_nanosleep|hrtimer_nanosleep|do_epoll_wait|ep_poll|schedule_hrtimeout_range)$/
  let place: string | null = null
  return rule('d_state_sustained', 'warning', t.dStateForMs, (row, previous) => {
    const stuck = row.state === 'disk-sleep' && (row.wchan === null || !benign.test(row.wchan.replace(/\..*/, '')))
    const same = stuck && (previous?.state !== 'disk-sleep' || place === row.wchan)
    place = row.wchan
    return when(same, 1, () => `waits in ${row.wchan ?? 'an unknown place'}`)
  })
}

function sleptMs(row: ProcSnapshot, previous: ProcSnapshot): number | null {
  if (row.boot_ms === null || previous.boot_ms === null) return null
  return row.boot_ms - previous.boot_ms - (row.mono_ns - previous.mono_ns) / 1e6
}

function mask(hex: string): bigint {
  return /^[0-9a-f]+$/i.test(hex) ? BigInt(`0x${hex}`) : 0n
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`
}
