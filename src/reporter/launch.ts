/**
 * The parent's side of the reporter: refuse, or make the lock and start one. Synchronous, usable inside 'exit', never throws.
 *
 * Race R7, the lost wake-up: the producer has renamed its file into `pending/` before it looks at the lock here; a reporter unlinks the lock
 * before it looks at `pending/` for the last time. So a file is seen by one of them, whatever the order.
 */
import { readSmallFile } from '../files/read-small-file.ts'
import { detachedSpawn, type OutsideJob, type SpawnOutcome, type SpawnRequest } from '../platform/detached-spawn.ts'
import { currentInstance, probeProcess } from '../platform/process-instance.ts'
import type { CommandLayout } from '../spool/spool-layout.ts'
import { destinationKey, isWaiting, parseBackoff } from './backoff.ts'
import { REPORTER_LIMITS } from './limits.ts'
import { type LockContent, releaseReporterLock, signReporterLock, takeReporterLock } from './reporter-lock.ts'
import { type Destination, encodeTask, type ReporterTask, ROLE_VARIABLE } from './reporter-task.ts'

export interface LaunchRequest {
  readonly layout: CommandLayout
  readonly app: string
  readonly destination: Destination
  readonly consentFiles: readonly string[]
  /** Absolute path of the built reporter. */
  readonly reporterFile: string
  /** Where the host is to wait for it: runs it in a bounded child. Null: detached. */
  readonly startInline: ((request: SpawnRequest) => LaunchOutcome) | null
  /** Windows: starts it outside the job that holds us, where that can be done. @default Node's spawn alone */
  readonly outsideJob?: OutsideJob | null
  /** Looks after the holder of a stale lock. */
  readonly killSurvivor: (stale: LockContent | null) => void
  /** False (flush): the back-off is not waited for. */
  readonly patient: boolean
  /** Unique; names the lock's owner. */
  readonly token: string
  readonly nowMs: number
}

export type LaunchOutcome =
  | { readonly kind: 'launched'; readonly pid: number }
  | { readonly kind: 'ran-inline'; readonly code: number | null }
  | {
      readonly kind: 'refused'
      readonly reason:
        | 'is-reporter'
        | 'backing-off'
        | 'already-running'
        | Extract<SpawnOutcome, { kind: 'refused' }>['reason']
    }
  | { readonly kind: 'failed'; readonly reason: string }

export function launchReporter(request: LaunchRequest): LaunchOutcome {
  if (process.env[ROLE_VARIABLE] !== undefined) return { kind: 'refused', reason: 'is-reporter' }
  const { layout, destination, nowMs } = request
  if (request.patient && isBackingOff(layout, destination, nowMs)) return { kind: 'refused', reason: 'backing-off' }
  const lock = takeReporterLock(layout.reporterLock, request.token, nowMs)
  if (lock.kind === 'held') return { kind: 'refused', reason: 'already-running' }
  if (lock.kind === 'failed') return lock
  if (lock.kind === 'taken-over') request.killSurvivor(lock.stale)
  const outcome = start(request)
  if (outcome.kind !== 'launched') releaseReporterLock(layout.reporterLock, request.token)
  return outcome
}

function start(request: LaunchRequest): LaunchOutcome {
  const { layout, app, destination, consentFiles, token, patient } = request
  const place = { app, directory: layout.directory, destination, consentFiles, token }
  if (request.startInline !== null)
    return request.startInline(spawnRequest(request.reporterFile, { role: 'inline', ...place }))
  const task: ReporterTask = { role: 'report', ...place, patient }
  const spawned = detachedSpawn(spawnRequest(request.reporterFile, task), request.outsideJob)
  if (spawned.kind !== 'spawned') return spawned
  const { pid, box } = spawned
  // It signs itself. But one that hangs before its first line never does, and where no clock stands outside, a later run has to kill it.
  if (box === 'inside') {
    const holder = { ...currentInstance(), pid, start_ticks: probeProcess(pid)?.startTicks ?? null }
    signReporterLock(layout.reporterLock, token, holder)
  }
  return { kind: 'launched', pid }
}

export function spawnRequest(
  reporterFile: string,
  task: ReporterTask,
): { script: string; args: readonly string[]; variables: Readonly<Record<string, string>>; boxSeconds: number } {
  return {
    script: reporterFile,
    args: [task.role],
    variables: encodeTask(task),
    boxSeconds: REPORTER_LIMITS.exitMs / 1000,
  }
}

function isBackingOff(layout: CommandLayout, destination: Destination, nowMs: number): boolean {
  const file = readSmallFile(layout.backoff)
  if (file.kind !== 'text') return false
  return isWaiting(parseBackoff(file.text)[destinationKey(destination.host, destination.apiKey)], nowMs)
}
