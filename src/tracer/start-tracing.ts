import type { AnomalyContext } from './anomaly-context.ts'
import { startDetector } from './anomaly-detector.ts'
import { withEnding } from './anomalies.ts'
import { nextIntervalMs } from './cadence.ts'
import { judgeOomKill } from './ending-anomalies.ts'
import type { ProcSnapshot } from './proc-snapshot.ts'
import { NO_PEAKS, peaksWith } from './peaks.ts'
import { addProportionalMemory } from './proportional-memory.ts'
import { type HeldProcess, holdProcess } from './procfs/held-process.ts'
import { counterPlaces, readSessionCounters } from './procfs/session-counters.ts'
import { openSampler } from './sampler.ts'
import { thinned } from './thinned.ts'
import { TraceTarget } from './trace-target.ts'
import type { Tracing, TracingEnding, TracingResult } from './tracing.ts'
import type { TracingOptions } from './tracing-options.ts'
import { REAL_SEAMS, type TracingSeams } from './tracing-seams.ts'
import { type TracingSettings, tracingSettings } from './tracing-settings.ts'
import { untraced } from './untraced.ts'

/** How far a new row's cost moves the estimate. */
const SMOOTHING = 0.2

/**
 * Watches a process until `stop()`; the first row is taken before it returns. It never changes the workload's fate: it only
 * reads, its timer keeps nobody alive, and what it cannot read it says (`status`, `na`).
 *
 * Throws TypeError for anything but a {@link TraceTarget} and for malformed options; nothing afterwards.
 */
export function startTracing(
  target: TraceTarget,
  options: TracingOptions = {},
  seams: Partial<TracingSeams> = {},
): Tracing {
  if (!TraceTarget.is(target))
    throw new TypeError(`starting a trace: got ${typeof target}, wants a TraceTarget; a pid alone may be the wrapper's`)
  const settings = tracingSettings(options)
  const all: TracingSeams = { ...REAL_SEAMS, ...seams }
  if (all.platform !== 'linux') return untraced('unsupported', `no /proc on ${all.platform}`)
  const held = holdProcess(target.pid, all.procRoot)
  if (held === null) return untraced('degraded', 'the process was gone, or /proc does not show it')
  if (target.starttimeTicks !== 0 && held.starttimeTicks !== target.starttimeTicks) {
    held.close()
    return untraced('degraded', 'the process was gone, and its number belongs to another')
  }
  return trace(target, held, settings, all)
}

function trace(target: TraceTarget, held: HeldProcess, settings: TracingSettings, seams: TracingSeams): Tracing {
  const places = counterPlaces(target.pid, seams.procRoot, seams.cgroupRoot)
  const countersAtStart = readSessionCounters(places)
  const detector = startDetector(settings.thresholds, countersAtStart.memoryLimitKb)
  const sampler = openSampler(held, seams)
  const startNs = seams.monotonicNs()
  let snapshots: ProcSnapshot[] = []
  let peaks = NO_PEAKS
  let onSnapshot = settings.onSnapshot
  let reason: string | null = null
  let burstUntilMs = 0
  let costUs = 0
  let planned: number | null = null
  let cancelTimer: (() => void) | null = null
  let result: TracingResult | null = null
  let ended = false
  let weighed = false

  const elapsedMs = (): number => (seams.monotonicNs() - startNs) / 1e6

  const take = (): ProcSnapshot | null => {
    if (result !== null || ended) return null
    try {
      return takeRow()
    } catch (error) {
      // Nothing here is expected to throw; if it does, the trace ends and the workload never hears of it.
      reason = `sampling failed: ${String(error)}`
      ended = true
      return null
    }
  }
  const takeRow = (): ProcSnapshot | null => {
    const before = seams.ownCpuUs()
    const sample = sampler.sample(planned)
    if (sample === null) {
      ended = true
      return null
    }
    const { row } = sample
    if (row.state === 'zombie' || row.state === 'dead') ended = true
    snapshots.push(row)
    snapshots = thinned(snapshots, settings.maxSnapshots)
    peaks = peaksWith(peaks, row)
    const edge = detector.observe(row)
    if (edge && !weighed) {
      weighed = true
      addProportionalMemory(row, held)
    }
    if (edge || sample.eventful) burstUntilMs = elapsedMs() + settings.burstForMs
    tell(row)
    const cost = seams.ownCpuUs() - before
    // The first rows are dear (files are opened, code is cold) and say little about the next.
    costUs = row.seq < 3 ? 0 : costUs === 0 ? cost : costUs + SMOOTHING * (cost - costUs)
    return row
  }
  const tell = (row: ProcSnapshot): void => {
    try {
      onSnapshot?.(row)
    } catch (error) {
      onSnapshot = null
      reason = `onSnapshot failed, rows are in memory alone: ${String(error)}`
    }
  }
  const schedule = (): void => {
    if (ended || result !== null) return
    planned = nextIntervalMs({ elapsedMs: elapsedMs(), burstUntilMs, costUs }, settings)
    cancelTimer = seams.setTimer(() => {
      take()
      schedule()
    }, planned)
  }

  const stop = (ending: TracingEnding = {}): TracingResult => {
    if (result !== null) return result
    cancelTimer?.()
    const end = readSessionCounters(places)
    // Asked while its descriptor is still held: whether a process of that number is ours is seen by the descriptor alone.
    const pidReused = held.stat() === null && numberLives(held, seams.procRoot)
    const context: AnomalyContext = {
      target,
      wrapperComm: settings.wrapperComm,
      memoryLimitKb: countersAtStart.memoryLimitKb,
      counters: { start: countersAtStart, end },
      exitCode: ending.exitCode ?? null,
      signal: ending.signal ?? null,
      leftovers: leftoversOf(target.pid, sampler.living(), ending.daemons),
      pidReused,
      thresholds: settings.thresholds,
    }
    sampler.close()
    held.close()
    result = {
      status: reason === null ? 'full' : 'degraded',
      reason,
      snapshots,
      anomalies: withEnding(detector.anomalies(), snapshots, context),
      peaks,
      oomKill: judgeOomKill(context),
      counters: { start: countersAtStart, end },
      leftovers: context.leftovers ?? [],
    }
    return result
  }

  const first = take()
  schedule()
  return { first, snapshotNow: take, alive: () => result === null && held.alive(), stop }
}

function leftoversOf(root: number, living: readonly number[], daemons: readonly number[] = []): readonly number[] {
  return [...new Set([...living, ...daemons])].filter((pid) => pid !== root)
}

function numberLives(held: HeldProcess, procRoot: string): boolean {
  const other = holdProcess(held.pid, procRoot)
  const lives = other !== null && other.starttimeTicks !== held.starttimeTicks
  other?.close()
  return lives
}
