/**
 * A reporter's whole run: sign the lock, adopt the dead, drain, linger for the rest of a burst, unlock, look a last time, leave.
 *
 * Race R7, the lost wake-up: the lock is gone before the last look, and a producer looks at the lock after its file is in `pending/`. If that
 * look finds something, the lock is taken again before it is drained, or a second reporter would be launched beside this one.
 */
import { readIdentity } from '../identity/identity-file.ts'
import { writeByRename } from '../files/write-by-rename.ts'
import { BOX_VARIABLE } from '../platform/box-variable.ts'
import { currentInstance, type ProcessInstance, probeProcess } from '../platform/process-instance.ts'
import { noDrops, prunePending, sweepTemporary } from '../spool/bounds.ts'
import { reportDrops } from '../spool/report-drops.ts'
import { settleAliases, settleInFlight } from '../spool/settle.ts'
import { type DrainContext, drain, hasUntried } from './drain.ts'
import { REPORTER_LIMITS } from './limits.ts'
import { isLeftAsZombie, markNoReap, readLastRun } from './no-reap.ts'
import { recoverLeft } from './recover-left.ts'
import { releaseReporterLock, signReporterLock, takeReporterLock } from './reporter-lock.ts'
import type { ReporterTask } from './reporter-task.ts'

/** Half a second later is soon enough for a burst's second half, and each look costs a quiet reporter half a millisecond of CPU. */
const POLL_MS = 500

type Job = Extract<ReporterTask, { token: string }>

interface Run {
  readonly job: Job
  readonly context: DrainContext
  /** A `telemetry dropped` envelope of this run was written. */
  told: boolean
}

/** Exit code: 0 done, 1 the lock was another's, 2 stopped by consent. */
export async function report(job: Job, context: DrainContext): Promise<number> {
  const { layout } = context
  const run: Run = { job, context, told: false }
  const instance = currentInstance()
  if (!signReporterLock(layout.reporterLock, job.token, instance)) return 1
  const startedAt = new Date().toISOString()
  const leader = leaderOf(instance)
  const note = (end: string): void => noteRun(context, { pid: process.pid, started_at: startedAt, end, leader })
  const stop = (code: number): number => {
    releaseReporterLock(layout.reporterLock, job.token)
    return code
  }
  if (!context.allowed()) return stop(2)
  lookAfterTheLast(context, instance)
  note('running') // what a killed reporter leaves
  await adoptTheDead(run)
  await recoverLeft(context, job.consentFiles)
  await drain(context)
  await linger(context)
  for (;;) {
    await adoptTheDead(run) // also those who died while we waited
    if (hasUntried(layout, context.tried)) await drain(context)
    tellDrops(run)
    if (!context.allowed()) return stop(2)
    note('done')
    releaseReporterLock(layout.reporterLock, job.token)
    if (isOver(context) || !hasUntried(layout, context.tried)) return 0
    const lock = takeReporterLock(layout.reporterLock, job.token, Date.now())
    if (lock.kind !== 'taken' && lock.kind !== 'taken-over') return 0 // another one has it, and drains
    signReporterLock(layout.reporterLock, job.token, instance)
    await drain(context)
  }
}

/** One pass, no linger: the host waits for us. */
export async function reportInline(job: Job, context: DrainContext): Promise<number> {
  const { layout } = context
  const run: Run = { job, context, told: false }
  if (!signReporterLock(layout.reporterLock, job.token, currentInstance())) return 1
  const mayRun = context.allowed()
  if (mayRun) {
    await adoptTheDead(run)
    await drain(context)
    tellDrops(run)
  }
  releaseReporterLock(layout.reporterLock, job.token)
  return mayRun ? 0 : 2
}

async function adoptTheDead(run: Run): Promise<void> {
  const { context } = run
  const { layout, allowed } = context
  const nowMs = Date.now()
  const drops = context.drops
  const settled = settleInFlight(layout, drops, {
    here: currentInstance(),
    probe: probeProcess,
    nowMs,
    stillAllowed: allowed,
  })
  if (settled.aliasFound) await settleAliasesUnderLock(context)
  prunePending(layout, nowMs, drops, allowed)
  if (allowed()) sweepTemporary([layout.directory, layout.telemetry, layout.inFlight, layout.pending], nowMs)
  tellDrops(run)
}

/**
 * What was dropped since the last time becomes an envelope. The first of a run is sent by it, a further one by the next: an
 * endpoint that rejects everything would keep us busy with our own counts for as long as we live.
 */
function tellDrops(run: Run): void {
  const { context, job } = run
  const { layout, drops, tried, allowed } = context
  if (drops.dropped === 0 || !allowed()) return
  const { apiKey, host } = job.destination
  const origin = {
    app: job.app,
    api_key: apiKey,
    host,
    delivery: job.role === 'inline' ? 'inline' : 'detached',
  } as const
  const uuid = reportDrops(layout, drops, origin, Date.now(), allowed)
  if (uuid !== null && run.told) tried.add(uuid)
  run.told = true
  for (const key of Object.keys(drops)) delete (drops as Record<string, number>)[key]
  Object.assign(drops, noDrops())
}

/** The lock's package is loaded only when there is an alias to settle: a login was killed in mid-change. */
async function settleAliasesUnderLock({ layout, allowed }: DrainContext): Promise<void> {
  const { withFileLock } = await import('../files/file-lock.ts')
  withFileLock(layout.usage, ALIAS_LOCK_WAIT_MS, () => {
    const file = readIdentity(layout.usage)
    if (file.kind === 'identity' && allowed()) settleAliases(layout, file.identity)
  })
}

const ALIAS_LOCK_WAIT_MS = 500

/** Until nothing came for a second, at most until the seventh second of our life: 200 commands cost one reporter. */
async function linger(context: DrainContext): Promise<void> {
  let quietSince = Date.now()
  while (Date.now() - quietSince < REPORTER_LIMITS.lingerMs && livedMs(context) < REPORTER_LIMITS.lingerUntilMs) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    if (!context.allowed()) return
    if (await drain(context)) quietSince = Date.now()
  }
}

function livedMs(context: DrainContext): number {
  return REPORTER_LIMITS.exitMs - context.leftMs()
}

function isOver(context: DrainContext): boolean {
  return livedMs(context) > REPORTER_LIMITS.lastRequestStartMs
}

/** Whom the system has to reap when we are gone: the `timeout` around us, or us. */
function leaderOf(instance: ProcessInstance): ProcessInstance {
  if (process.env[BOX_VARIABLE] !== 'outside') return instance
  return { ...instance, pid: process.ppid, start_ticks: probeProcess(process.ppid)?.startTicks ?? null }
}

function lookAfterTheLast({ layout }: DrainContext, here: ProcessInstance): void {
  if (!isLeftAsZombie(readLastRun(layout.reporterState), here, probeProcess, Date.now())) return
  try {
    markNoReap(layout.noReap, here)
  } catch {
    // a full disk: the next reporter will see it too
  }
}

function noteRun(
  context: DrainContext,
  run: { readonly pid: number; readonly started_at: string; readonly end: string; readonly leader: ProcessInstance },
): void {
  const { tally, layout, destination } = context
  const { host, apiKey } = destination
  const at = new Date().toISOString()
  try {
    writeByRename(layout.reporterState, `${JSON.stringify({ ...run, at, ...tally, host, api_key: apiKey })}\n`)
  } catch {
    // a full disk: `status` will not know how we ended
  }
}
