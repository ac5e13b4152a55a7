/** From a finished envelope to a reporter that carries it: commit, publish, consent again, launch, notice. Synchronous. */
import type { DeliveryMode, Envelope } from '../events/envelope.ts'
import { randomBits } from '../events/uuid7.ts'
import type { LaunchOutcome } from '../reporter/launch.ts'
import { isReporterAtWork } from '../reporter/launch-due.ts'
import { commit, enqueue, inFlightPath, pendingPath, publish, removeQuietly } from '../spool/in-flight.ts'
import type { CommandLayout } from '../spool/spool-layout.ts'
import { reporterFile } from './child-files.ts'
import { consentFiles, isStoredOff } from './consent-now.ts'
import { loadLaunching, loadRarePaths } from './load-parts.ts'
import type { TrackerSettings } from './tracker-options.ts'

export interface HandOver {
  readonly settings: TrackerSettings
  readonly layout: CommandLayout
  readonly delivery: DeliveryMode
  readonly notice: 'none' | 'due' | 'deferred'
}

/** `erased`: the user said no meanwhile. */
export type HandOverOutcome =
  | { readonly kind: 'recorded'; readonly launch: LaunchOutcome | { readonly kind: 'not-asked' } }
  | { readonly kind: 'erased' }
  | Failed

interface Failed {
  readonly kind: 'failed'
  readonly reason: string
}

/** Settled by a later reporter. */
const NOT_PUBLISHED: Failed = { kind: 'failed', reason: 'not-published' }
const NOT_ASKED = { kind: 'not-asked' } as const
const ALREADY_RUNNING: LaunchOutcome = { kind: 'refused', reason: 'already-running' }

export function handOver(to: HandOver, envelope: Envelope, also: Envelope | null): HandOverOutcome {
  const { layout, settings } = to
  const written = commit(layout, envelope)
  if (written.kind === 'failed') return notCommitted(layout, envelope.uuid, written)
  if (publish(layout, envelope.uuid) === 'failed') return NOT_PUBLISHED
  if (also !== null) enqueue(layout, also)
  if (isStoredOff(settings)) return takenBack(layout, [envelope, also])
  if (randomBits(envelope.uuid) === 0) loadRarePaths()?.pruneNow(to)
  const launched = maySpawn(to) ? launch(to, envelope.uuid) : NOT_ASKED
  if (to.notice === 'due') loadRarePaths()?.showNoticeNow(settings, layout)
  return { kind: 'recorded', launch: launched }
}

/** @rare */
function notCommitted(layout: CommandLayout, uuid: string, written: Failed): HandOverOutcome {
  if (written.reason === 'ENOENT') return { kind: 'erased' }
  removeQuietly(inFlightPath(layout, uuid)) // or a reporter would take the command for crashed
  return written
}

/** @rare */
function takenBack(layout: CommandLayout, envelopes: readonly (Envelope | null)[]): HandOverOutcome {
  for (const envelope of envelopes) if (envelope !== null) removeQuietly(pendingPath(layout, envelope.uuid))
  return { kind: 'erased' }
}

/** Nothing leaves before the notice was shown. */
export function maySpawn(to: HandOver): boolean {
  return to.notice === 'none' && to.delivery !== 'spool-only'
}

function launch(to: HandOver, token: string): LaunchOutcome {
  const nowMs = Date.now()
  return isReporterAtWork(to.layout.reporterLock, nowMs) ? ALREADY_RUNNING : start(to, token, nowMs)
}

/** @rare */
function start(to: HandOver, token: string, nowMs: number): LaunchOutcome {
  // Told what this file knows how to find: there it would be compiled a second time.
  const files = { reporterFile: reporterFile(), consentFiles: consentFiles(to.settings) }
  return loadLaunching()?.launchHere(to, files, token, nowMs) ?? { kind: 'failed', reason: 'not-built' }
}
