import type { AnomalyThresholds } from './anomaly-context.ts'
import type { AnomalyRule } from './anomaly-rule.ts'

/** Rows that the slope is taken over. */
const WINDOW = 60

/**
 * `rss_growth`: memory that grows and does not stop, compared with what it was after the start-up, and again after each exec.
 */
export function growthRule(t: AnomalyThresholds): AnomalyRule {
  let since: { ns: number; exec: number; start: number } | null = null
  let base: { ns: number; kb: number; rows: number } | null = null
  let window: number[] = []
  return {
    kind: 'rss_growth',
    severity: 'warning',
    forMs: 0,
    look(row) {
      const kb = row.vm_rss_kb
      if (kb === null) return null
      if (since === null || since.exec !== row.exec_seq || since.start !== row.starttime_ticks) {
        since = { ns: row.mono_ns, exec: row.exec_seq, start: row.starttime_ticks }
        base = null
        window = []
      }
      if (row.mono_ns - since.ns < t.growthWarmUpMs * 1e6) return null
      base ??= { ns: row.mono_ns, kb, rows: 0 }
      base.rows += 1
      window.push(kb)
      if (window.length > WINDOW) window.shift()
      const { ns, kb: was } = base
      const grown = kb > base.kb * t.growthFactor && kb - base.kb > t.growthKb
      const long = base.rows >= t.growthSamples && row.mono_ns - base.ns >= t.growthForMs * 1e6
      return {
        on: grown && long && medianStep(window) > 0,
        off: !grown,
        value: kb,
        detail: () => `${was} -> ${kb} KiB in ${((row.mono_ns - ns) / 1e9).toFixed(0)} s`,
      }
    },
  }
}

function medianStep(values: readonly number[]): number {
  const steps = values.slice(1).map((value, i) => value - (values[i] as number))
  steps.sort((a, b) => a - b)
  return steps[Math.floor(steps.length / 2)] ?? 0
}
