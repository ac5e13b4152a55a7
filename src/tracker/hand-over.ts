/** From a finished envelope to a reporter that carries it: commit, publish, consent again, launch, notice. Synchronous. */
import type { DeliveryMode, Envelope } from '../events/envelope.ts'
import { randomBits } from '../events/uuid7.ts'
import type { LaunchOutcome } from '../reporter/launch.ts'
import { isReporterAtWork } from '../reporter/launch-due.ts'
import { commit, enqueue, inFlightPath, pendingPath, publish, removeQuietly } from '../spool/in-flight.ts'
import type { SpoolLayout } from '../spool/spool-layout.ts'
import { reporterFile } from './child-files.ts'
import { consentFiles, isStoredOff } from './consent-now.ts'
import { loadLaunching, loadRarePaths } from './load-rare.ts'
import type { TrackerSettings } from './tracker-options.ts'

export interface HandOver {
  readonly settings: TrackerSettings
  readonly layout: SpoolLayout
  readonly delivery: DeliveryMode
  readonly notice: 'none' | 'due' | 'deferred'
}

/** `erased`: the user said no meanwhile. */
export type HandOverOutcome =
  | { readonly kind: 'recorded'; readonly launch: LaunchOutcome | { readonly kind: 'not-asked' } }
  | { readonly kind: 'erased' }
  | { readonly kind: 'failed'; readonly reason: string }

export function handOver(to: HandOver, envelope: Envelope, also: Envelope | null): HandOverOutcome {
  const { layout, settings } = to
  const written = commit(layout, envelope)
  if (written.kind === 'failed') {
    if (written.reason === 'ENOENT') return { kind: 'erased' }
    removeQuietly(inFlightPath(layout, envelope.uuid)) // or a reporter would take the command for crashed
    return written
  }
  if (publish(layout, envelope.uuid) === 'failed') return { kind: 'failed', reason: 'not-published' } // settled by a later reporter
  if (also !== null) enqueue(layout, also)
  if (isStoredOff(settings)) {
    removeQuietly(pendingPath(layout, envelope.uuid))
    if (also !== null) removeQuietly(pendingPath(layout, also.uuid))
    return { kind: 'erased' }
  }
  if (randomBits(envelope.uuid) === 0) loadRarePaths()?.pruneNow(to)
  const launched = maySpawn(to) ? launch(to, envelope.uuid) : ({ kind: 'not-asked' } as const)
  if (to.notice === 'due') loadRarePaths()?.showNoticeNow(settings, layout)
  return { kind: 'recorded', launch: launched }
}

/** Nothing leaves before the notice was shown. */
export function maySpawn(to: HandOver): boolean {
  return to.notice === 'none' && to.delivery !== 'spool-only'
}

function launch(to: HandOver, token: string): LaunchOutcome {
  const nowMs = Date.now()
  if (isReporterAtWork(to.layout.reporterLock, nowMs)) return { kind: 'refused', reason: 'already-running' }
  // Told what this file knows how to find: there it would be compiled a second time.
  const files = { reporterFile: reporterFile(), consentFiles: consentFiles(to.settings) }
  return loadLaunching()?.launchHere(to, files, token, nowMs) ?? { kind: 'failed', reason: 'not-built' }
}
