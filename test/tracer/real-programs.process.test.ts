/** Linux processes that do one thing wrong, and one that does nothing. Thresholds are short, the rules are the same. */
import { existsSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { pidAgain } from '../support/pid-again.ts'
import { childrenOf, start } from '../support/run.ts'
import { node24, node26, reasonIfMissing } from '../support/runtimes.ts'
import { waitUntil } from '../support/wait-until.ts'
import { ANOMALY_THRESHOLDS, type AnomalyThresholds } from '../../src/tracer/anomaly-context.ts'
import { detectAnomalies } from '../../src/tracer/anomalies.ts'
import type { ProcSnapshot } from '../../src/tracer/proc-snapshot.ts'
import { holdProcess } from '../../src/tracer/procfs/held-process.ts'
import { resolveTraceTarget } from '../../src/tracer/resolve-trace-target.ts'
import { startTracing } from '../../src/tracer/start-tracing.ts'
import { type TraceTarget, traceTargetFromPid } from '../../src/tracer/trace-target.ts'
import type { Tracing } from '../../src/tracer/tracing.ts'
import type { TracingOptions } from '../../src/tracer/tracing-options.ts'

const linux = test.runIf(process.platform === 'linux')
const QUICK: TracingOptions = { intervalMs: 20, burstIntervalMs: 20, slowIntervalMs: 20, ownCpuShare: 1 }
const SHORT: Partial<AnomalyThresholds> = {
  ...{ zombieForMs: 200, spinForMs: 200, pendingForMs: 200, stoppedForMs: 200 },
  // Others use this machine too; what is tested is the rule, not its share of a core.
  ...{ spinPercent: 5, growthWarmUpMs: 300, growthForMs: 300, growthSamples: 5, growthFactor: 1.3, growthKb: 20_000 },
}

function trace(
  target: TraceTarget,
  options: TracingOptions = {},
): Tracing & { readonly rows: readonly ProcSnapshot[] } {
  const rows: ProcSnapshot[] = []
  const tracing = startTracing(target, { ...QUICK, onSnapshot: (row) => rows.push(row), ...options })
  onTestFinished(() => void tracing.stop())
  return { ...tracing, rows }
}

const NODE = process.execPath

linux.each<[string, string, readonly string[]]>([
  ['stopped', 'sh', ['-c', 'kill -STOP $$']],
  ['high_cpu_sustained', 'sh', ['-c', 'while :; do :; done']],
  [
    'rss_growth',
    NODE,
    ['-e', 'const all=[];const t=setInterval(()=>all.length<200&&all.push(Buffer.alloc(1e6,1)),15)'],
  ],
  ['fd_high', 'sh', ['-c', 'ulimit -n 11; exec 3</dev/null 4<&3 5<&3 6<&3 7<&3 8<&3 9<&3; exec sleep 60']],
  ['zombie_detected', 'sh', ['-c', 'sleep 0.01 & exec sleep 60']],
  [
    'signals_pending',
    'perl',
    ['-MPOSIX', '-e', 'sigprocmask(SIG_BLOCK, POSIX::SigSet->new(15)); kill 15, $$; sleep 60'],
  ],
])('startTracing() raises %s once', async (kind, command, args) => {
  const { pid } = start(command, args)
  const tracing = trace(traceTargetFromPid(pid), { thresholds: SHORT })
  const seen = (): boolean => detectAnomalies(tracing.rows, { thresholds: SHORT }).some((each) => each.kind === kind)
  await waitUntil(`${kind} is seen`, seen)
  const then = tracing.rows.length
  await waitUntil('ten rows more', () => tracing.rows.length >= then + 10)
  const { anomalies, status, snapshots } = tracing.stop()
  expect(anomalies.filter((each) => each.kind === kind)).toHaveLength(1)
  const weighed = snapshots.filter(({ vm_pss_kb }) => vm_pss_kb !== null)
  expect(weighed).toHaveLength(1)
  expect(weighed[0]?.vm_pss_kb).toBeLessThanOrEqual(weighed[0]?.vm_rss_kb ?? 0)
  expect(anomalies.filter((each) => each.severity === 'critical')).toEqual([])
  expect(status).toBe('full')
})

linux('startTracing() raises nothing for a quiet program, with the thresholds as they are', async () => {
  const { pid } = start('sleep', ['60'])
  await waitUntil('it is sleep', () => traceTargetFromPid(pid).comm === 'sleep')
  const tracing = trace(traceTargetFromPid(pid), { thresholds: { ...ANOMALY_THRESHOLDS, gapIntervals: 1e6 } })
  await waitUntil('a hundred rows', () => tracing.rows.length >= 100)
  expect(tracing.stop().anomalies).toEqual([])
})

linux('startTracing() behind script(1) watches the workload of 60 MB, never the wrapper', async () => {
  const code = 'const a=Buffer.alloc(60e6,1);setInterval(()=>a.length,1000)'
  const wrapper = start('script', ['-qefc', `${NODE} -e '${code}'`, '/dev/null'], { open: true })
  const target = await resolveTraceTarget(wrapper.pid, 'node')
  onTestFinished(() => void (holdProcess(target.pid)?.alive() && process.kill(target.pid, 'SIGKILL')))
  expect(target.pid).not.toBe(wrapper.pid)
  const tracing = trace(target)
  await waitUntil('it has its memory', () => (tracing.rows.at(-1)?.vm_rss_kb ?? 0) > 60_000)
  const { snapshots, peaks } = tracing.stop()
  expect(snapshots.filter(({ comm }) => comm === 'script')).toEqual([])
  expect(peaks.rssKb).toBeGreaterThan(60_000)
})

linux('resolveTraceTarget() never returns the root, and says what it looked for', async () => {
  const { pid } = start('sleep', ['60'])
  const failed = { name: 'TraceTargetResolutionError', rootPid: pid, expectedBasename: 'sleep' }
  await expect(resolveTraceTarget(pid, 'sleep', { timeoutMs: 150 })).rejects.toMatchObject({
    ...failed,
    code: 'not-found',
  })
  await expect(resolveTraceTarget(2 ** 22 + 9, 'sleep')).rejects.toMatchObject({ code: 'root-gone' })
  await expect(resolveTraceTarget(0, 'sleep')).rejects.toThrow(TypeError)
})

linux('resolveTraceTarget() gives up at once when the root ends', async () => {
  const root = start('sleep', ['60'])
  const resolving = resolveTraceTarget(root.pid, 'nobody', { timeoutMs: 60_000, pollMs: 5 })
  root.child.kill('SIGKILL')
  await expect(resolving).rejects.toMatchObject({ code: 'root-gone' })
})

linux('startTracing() sees an exec, and the tree of forks', async () => {
  const shell = start('sh', ['-c', 'sleep 60 & sleep 60 & read _; exec sleep 60'], { open: true })
  const tracing = trace(traceTargetFromPid(shell.pid))
  await waitUntil('three processes', () => tracing.rows.at(-1)?.tree.procs === 3)
  shell.child.stdin?.end('\n')
  const row = await waitUntil('the exec', () =>
    tracing.rows.find(({ exec_seq, comm }) => exec_seq > 0 && comm === 'sleep'),
  )
  expect(row.starttime_ticks).toBe(tracing.first?.starttime_ticks)
  const sleepers = childrenOf(shell.pid).map(Number)
  const { anomalies, leftovers } = tracing.stop()
  expect(anomalies.filter(({ kind }) => kind === 'identity_drift')).toEqual([])
  expect([...leftovers].sort()).toEqual(sleepers.sort())
  for (const pid of sleepers) process.kill(pid, 'SIGKILL')
})

linux('alive() is false at once for a zombie, and for what is gone', async () => {
  const parent = start('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'])
  await parent.said('\n')
  const child = await waitUntil('the child', () => Number(childrenOf(parent.pid)[0]) || null)
  const tracing = trace(traceTargetFromPid(child))
  expect(tracing.alive()).toBe(true)
  process.kill(child, 'SIGKILL')
  await waitUntil('it is dead', () => !tracing.alive())
  expect(existsSync(`/proc/${child}/stat`)).toBe(true) // nobody waits for it
  const last = await waitUntil('its last row', () => tracing.rows.find(({ state }) => state === 'zombie'))
  expect(last.wait_status).toBe(9)
  expect(tracing.stop().anomalies.filter(({ kind }) => kind.startsWith('zombie'))).toEqual([])
})

linux('a held process is not the next one with its number', async (ctx) => {
  const first = start('sleep', ['60'])
  const target = traceTargetFromPid(first.pid)
  const tracing = trace(target)
  const held = holdProcess(first.pid)
  onTestFinished(() => held?.close())
  const outcome = await pidAgain(first, target.starttimeTicks)
  if (outcome !== 'reused') return ctx.skip(outcome)
  expect([held?.alive(), tracing.alive(), tracing.snapshotNow()]).toEqual([false, false, null])
  expect(startTracing(target).stop()).toMatchObject({ status: 'degraded', snapshots: [] })
  const { anomalies, snapshots } = tracing.stop()
  expect(anomalies.map(({ kind }) => kind)).toEqual(['pid_reused'])
  expect(new Set(snapshots.map(({ starttime_ticks }) => starttime_ticks))).toEqual(new Set([target.starttimeTicks]))
})

const RENAMES = [
  ['24', node24, 'MainThread'],
  ['26', node26, 'node-MainThread'],
] as const

for (const [version, binary, comm] of RENAMES) {
  const title = `Node ${version} renames itself: info, never another process${reasonIfMissing(binary)}`
  test.skipIf(binary === null)(title, async () => {
    const { pid } = start(binary ?? '', ['-e', 'setInterval(()=>0,1000)'])
    await waitUntil('it is node', () => traceTargetFromPid(pid).cmdline[0] === binary)
    const tracing = trace(traceTargetFromPid(pid))
    await waitUntil('it has its name', () => tracing.rows.at(-1)?.comm === comm)
    const drift = tracing.stop().anomalies.filter(({ kind }) => kind === 'identity_drift')
    expect(drift.filter(({ severity }) => severity !== 'info')).toEqual([])
  })
}
