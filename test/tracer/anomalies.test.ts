import { describe, expect, test } from 'vitest'
import { ANOMALY_KINDS, type AnomalyKind } from '../../src/tracer/anomaly.ts'
import type { AnomalyContext } from '../../src/tracer/anomaly-context.ts'
import { detectAnomalies } from '../../src/tracer/anomalies.ts'
import type { ProcSnapshot } from '../../src/tracer/proc-snapshot.ts'
import { row, rows, tree } from './row.ts'

const kindsOf = (snapshots: readonly ProcSnapshot[], context?: AnomalyContext): readonly string[] =>
  detectAnomalies(snapshots, context).map(({ kind }) => kind)

const COUNTERS = {
  ...{ oomKillMachine: 3, oomKillCgroup: 0, memoryLimitKb: 100_000, throttledUsec: 0 },
  ...{ memoryStalledUsec: 0, ioStalledUsec: 0, cpuStalledUsec: 0 },
}

/** Ninety rows, of which those from 20 to 84 are bad; then what brings the anomaly, once. */
const BAD: Readonly<Record<string, Partial<ProcSnapshot> | ((seq: number) => Partial<ProcSnapshot>)>> = {
  oom_critical: { oom_score: 1260 },
  oom_spike: { oom_score: 900 },
  memory_pressure: { tree: tree({ rss_kb: 85_000 }) },
  rss_growth: (seq) => ({ vm_rss_kb: 50_000 + seq * 4000 }),
  fd_high: { fd_count: 900 },
  zombie_detected: { tree: tree({ zombies: 1 }) },
  zombie_persistent: { tree: tree({ zombies: 1 }) },
  d_state_sustained: { state: 'disk-sleep', wchan: 'io_schedule' },
  high_cpu_sustained: { cpu_percent: 99 },
  starved: (seq) => ({ run_delay_ns: seq * 0.8e9 }),
  signals_pending: { shd_pnd: '0000000000004000', sig_blk: '0000000000004000' },
  stopped: { state: 'stopped' },
  core_dumping: { core_dumping: true },
}

describe('detectAnomalies() has one record for an episode, however many rows it lasts', () => {
  test.each(Object.entries(BAD))('%s', (kind, bad) => {
    const series = rows(90, (seq) => (seq < 20 || seq >= 85 ? {} : typeof bad === 'function' ? bad(seq) : bad))
    const found = detectAnomalies(series, { memoryLimitKb: 100_000 }).filter((each) => each.kind === kind)
    expect(found).toHaveLength(1)
    expect(found[0]?.seq).toBeGreaterThanOrEqual(20)
    expect(found[0]?.closed_at).not.toBeNull()
  })
})

test('detectAnomalies() finds nothing in a quiet hour', () => {
  expect(
    detectAnomalies(
      rows(3600, () => ({})),
      { memoryLimitKb: 1e7, exitCode: 0, target: target() },
    ),
  ).toEqual([])
})

test('detectAnomalies() sees an episode at a threshold once: it closes below another one', () => {
  const wobbling = rows(100, (seq) => ({ fd_count: seq % 2 === 0 ? 830 : 800 }))
  expect(detectAnomalies(wobbling)).toMatchObject([{ kind: 'fd_high', count: 100, peak: 830 / 1024, closed_at: null }])
})

test('detectAnomalies() bounds the records of what comes and goes', () => {
  const flapping = rows(2000, (seq) => ({ fd_count: seq % 2 === 0 ? 1000 : 10 }))
  const found = detectAnomalies(flapping)
  expect(found).toHaveLength(10)
  expect(found.reduce((sum, { count }) => sum + count, 0)).toBe(1000)
})

test.each<[string, Partial<ProcSnapshot>]>([
  ['an idle process with oom_score_adj 200 since Linux 5.9', { oom_score: 800, oom_score_adj: 200 }],
  ['a parent in vfork', { state: 'disk-sleep', wchan: 'kernel_clone' }],
  ['a name with the suffix of another kernel', { state: 'disk-sleep', wchan: 'hrtimer_nanosleep.constprop.0' }],
  ['a build: busy, and writing', { cpu_percent: 100 }],
  ['descriptors without a limit', { fd_count: 5000, fd_soft_limit: -1 }],
  ['pending, but not blocked', { shd_pnd: '0000000000004000' }],
])('detectAnomalies() is silent about %s', (_, changed) => {
  expect(kindsOf(rows(90, (seq) => ({ ...changed, io_wchar: seq * 100 })))).toEqual([])
})

test('detectAnomalies() takes memory of the start-up for none that grows, and starts again at an exec', () => {
  expect(kindsOf(rows(120, (seq) => ({ vm_rss_kb: Math.min(5000 + seq * 50_000, 400_000) })))).toEqual([])
  expect(kindsOf(rows(120, (seq) => ({ vm_rss_kb: seq < 60 ? 5000 : 400_000, exec_seq: seq < 60 ? 0 : 1 })))).toEqual(
    [],
  )
})

test('detectAnomalies() tells a gap, a suspend and a clock step apart', () => {
  const after = (changed: Partial<ProcSnapshot>): readonly string[] => kindsOf([row(0), row(1), row(2, changed)])
  expect(after({ gap_ms: 4000 })).toEqual(['sampler_gap'])
  expect(after({ boot_ms: 52_000 + 60_000, wall_ms: row(2).wall_ms + 60_000 })).toEqual(['suspended'])
  expect(after({ wall_ms: row(2).wall_ms - 5000 })).toEqual(['clock_step'])
})

describe('detectAnomalies() names an end', () => {
  const up = (changed: Partial<typeof COUNTERS>) => ({ start: COUNTERS, end: { ...COUNTERS, ...changed } })
  test.each<[string, AnomalyContext, readonly AnomalyKind[]]>([
    ['killed, and the cgroup counted it', { signal: 'SIGKILL', counters: up({ oomKillCgroup: 1 }) }, ['oom_killed']],
    ['137, and the machine counted it', { exitCode: 137, counters: up({ oomKillMachine: 4 }) }, ['oom_killed']],
    ['killed by somebody', { signal: 'SIGKILL', counters: up({}) }, []],
    ['a neighbour was killed for memory', { exitCode: 0, counters: up({ oomKillMachine: 4 }) }, []],
    ['a crash', { signal: 'SIGSEGV' }, ['crash_signal']],
    ['terminated', { signal: 'SIGTERM' }, []],
    ['a reused number', { pidReused: true }, ['pid_reused']],
    ['children that outlive it', { leftovers: [7, 8] }, ['leftover_processes']],
    ['tokens without a result', { outcome: outcome(5, false) }, ['empty_result_with_tokens']],
    ['thoughts without a result', { outcome: outcome(5, true) }, ['thinking_only_final_turn']],
    ['no tokens', { outcome: outcome(0, false) }, []],
    ['held back by a CPU limit', { counters: up({ throttledUsec: 900_000 }) }, ['starved']],
  ])('%s', (_, context, kinds) => {
    expect(kindsOf([row(0), row(1)], context)).toEqual(kinds)
  })
})

test('detectAnomalies() can raise each kind there is', () => {
  const shown = new Set([
    ...Object.keys(BAD),
    ...['sampler_gap', 'suspended', 'clock_step', 'oom_killed', 'crash_signal', 'pid_reused', 'leftover_processes'],
    ...['empty_result_with_tokens', 'thinking_only_final_turn', 'identity_drift'],
  ])
  expect([...shown].sort()).toEqual([...ANOMALY_KINDS].sort())
})

function outcome(outputTokens: number, onlyThinkingInFinalTurn: boolean): NonNullable<AnomalyContext['outcome']> {
  return { outputTokens, subtype: 'empty_result', onlyThinkingInFinalTurn }
}

function target(): NonNullable<AnomalyContext['target']> {
  return { pid: 42, comm: 'node', starttimeTicks: 4200 }
}
