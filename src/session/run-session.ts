import { uuid7 } from '../events/uuid7.ts'
import { decideAction } from './decide-action.ts'
import { killSession } from './kill.ts'
import { openRace } from './race.ts'
import { SESSION_VARIABLE } from './session-mark.ts'
import { openSessionDirectory, type SessionDirectory } from './session-directory.ts'
import { type SessionOptions, type SessionSettings, sessionSettings } from './session-options.ts'
import { type SessionResult, type SessionTrace, summaryOf } from './session-result.ts'
import { type StartedWorkload, startWorkload } from './start-workload.ts'
import { NO_FACTS, resolveTermination, type Termination } from './termination.ts'
import { drainOutput } from './drain-output.ts'
import { DRAIN_WINDOWS } from './drain-windows.ts'
import { exitOf, returncodeOfFailure, type WorkloadExit } from './workload-exit.ts'
import { type TraceOfWorkload, traceWorkload } from './trace-workload.ts'
import { readsOutput, type WorkloadWatch, watchWorkload } from './watch-workload.ts'

export type { SessionResult } from './session-result.ts'
export type { SessionOptions } from './session-options.ts'

/**
 * Runs a workload, watches it, and says how it ended. Rejects for wrong options alone (TypeError, RangeError): a workload that
 * cannot be started, traced or killed is a result, and tracing never stops a workload from running.
 */
export async function runSession(options: SessionOptions): Promise<SessionResult> {
  const settings = sessionSettings(options, { env: process.env, cwd: process.cwd() })
  const startedAt = Date.now()
  const begin = { startTs: new Date(startedAt).toISOString(), startNs: process.hrtime.bigint() }
  const directory = openSessionDirectory({
    root: settings.directory === undefined ? null : `${settings.directory}/telemetry/sessions`,
    sessionId: uuid7(startedAt),
    attribution: settings.attribution ?? null,
    sink: settings.sink ?? null,
  })
  const { sessionId } = directory
  const started = await startOrNot({ ...settings, env: { ...settings.env, [SESSION_VARIABLE]: sessionId } })
  const end =
    started.kind === 'started'
      ? await followWorkload(started, settings, directory, begin.startTs)
      : notStarted(started.code)

  const { trace } = end
  const snapshots = trace?.result?.snapshots ?? null
  const result: SessionResult = {
    returncode: end.exit?.returncode ?? null,
    signal: end.exit?.signal ?? null,
    signalExact: end.exit?.signalExact ?? true,
    stdout: end.watch?.stdout.text() ?? '',
    stderr: end.watch?.stderr.text() ?? '',
    termination: end.termination,
    pid: trace?.pid ?? null,
    sessionId: directory.sessionId,
    startTs: begin.startTs,
    endTs: new Date().toISOString(),
    elapsedSeconds: Number(process.hrtime.bigint() - begin.startNs) / 1e9,
    procSnapshots: trace?.result?.status === 'unsupported' ? null : snapshots,
    trackedComm: trace?.trackedComm ?? null,
    channelConfirmation: end.watch?.confirmation() ?? 'unmonitored',
    anomalies: trace?.result?.anomalies ?? [],
    trace: statusOf(trace, directory, settings),
  }
  directory.finish(summaryOf(result, trace?.result?.peaks ?? null), result.anomalies)
  return result
}

interface SessionEnd {
  readonly termination: Termination
  /** Null: it never began, or is not over. */
  readonly exit: WorkloadExit | null
  readonly watch: WorkloadWatch | null
  readonly trace: TraceOfWorkload | null
}

async function startOrNot(settings: SessionSettings): Promise<StartedWorkload | { kind: 'failed'; code: null }> {
  if (settings.signal?.aborted === true) return { kind: 'failed', code: null }
  return startWorkload(settings, readsOutput(settings))
}

/** @param code an errno; null: cancelled before it began */
function notStarted(code: string | null): SessionEnd {
  const facts = code === null ? { ...NO_FACTS, cancelled: true } : { ...NO_FACTS, spawnError: code }
  const exit = code === null ? null : { returncode: returncodeOfFailure(code), signal: null, signalExact: true }
  return { termination: resolveTermination(facts), exit, watch: null, trace: null }
}

async function followWorkload(
  started: StartedWorkload & { kind: 'started' },
  settings: SessionSettings,
  directory: SessionDirectory,
  startTs: string,
): Promise<SessionEnd> {
  const { child, wrapped, gate } = started
  const race = openRace()
  const trace = traceWorkload(started, settings, directory, startTs)
  const watch = watchWorkload(child, settings, race)
  let killing = false
  const gone = exitOf(child, wrapped).then((exit) => {
    // Before the race is over, because its last fact is in there: whether the kernel killed somebody for memory. Once we kill, who is
    // left over is known when that is done.
    if (!killing) trace.end(exit)
    race.saw({ exited: true, signal: exit.signal, oomKill: trace.result?.oomKill ?? null })
    return exit
  })
  tell(settings, trace.pid)
  gate?.open()
  trace.begun()

  const { limits } = settings
  const termination = resolveTermination(await race.over)
  killing = await isToKill(termination, gone, limits.completionDrainMs)
  if (killing) {
    const { pid: workloadPid } = trace
    const { sessionId } = directory
    await killSession({ child, wrapped, workloadPid, sessionId, graceMs: limits.killGraceMs, childGone: gone })
  }
  const exit = await within(gone, DRAIN_WINDOWS.unkillable)
  await drainOutput(child, limits.outputDrainMs)
  watch.stop()
  trace.end(exit)
  return { termination, exit, watch, trace }
}

/** False also for a workload that left by itself while it was given the time to. */
async function isToKill(termination: Termination, gone: Promise<WorkloadExit>, drainMs: number): Promise<boolean> {
  switch (decideAction(termination)) {
    case 'none':
      return false
    case 'drain_then_kill':
      return (await within(gone, drainMs)) === null
    case 'kill':
      return true
  }
}

function tell({ onStart }: SessionSettings, pid: number | null): void {
  if (pid === null) return
  try {
    onStart?.(pid)
  } catch {
    // the caller's listener; the workload must not wait behind its gate for it
  }
}

function statusOf(
  trace: TraceOfWorkload | null,
  { degraded }: SessionDirectory,
  { directory }: SessionSettings,
): SessionTrace {
  const seen = trace?.status() ?? { status: 'unresolved', reason: 'not-started' }
  return seen.status === 'full' && directory !== undefined && degraded !== null
    ? { status: 'degraded', reason: degraded }
    : seen
}

/** Null when it takes longer. */
async function within<T>(promise: Promise<T>, ms: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ms)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
