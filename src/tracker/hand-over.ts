/** From a finished envelope to a reporter that carries it: commit, publish, consent again, launch, notice. Synchronous. */
import { variableName } from '../consent/decide-consent.ts'
import { noticeText, showNotice } from '../consent/notice.ts'
import type { DeliveryMode, Envelope } from '../events/envelope.ts'
import { randomBits } from '../events/uuid7.ts'
import { boundedSpawnSync } from '../platform/detached-spawn.ts'
import { type LaunchOutcome, launchReporter, spawnRequest } from '../reporter/launch.ts'
import { noDrops, prunePending } from '../spool/bounds.ts'
import { commit, enqueue, inFlightPath, pendingPath, publish, removeQuietly } from '../spool/in-flight.ts'
import { reportDrops } from '../spool/report-drops.ts'
import type { SpoolLayout } from '../spool/spool-layout.ts'
import { originOf } from './command-envelope.ts'
import { consentFiles, isStoredOff } from './consent-now.ts'
import type { TrackerSettings } from './tracker-options.ts'

export interface HandOver {
  readonly settings: TrackerSettings
  readonly layout: SpoolLayout
  readonly reporterFile: string
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
  if (randomBits(envelope.uuid) === 0) prune(to)
  const launched = maySpawn(to) ? launch(to, envelope.uuid) : ({ kind: 'not-asked' } as const)
  if (to.notice === 'due' && settings.notice !== null) {
    const text = noticeText({ app: settings.app, url: settings.notice.url, variable: variableName(settings.app) })
    showNotice(layout.noticeShown, text)
  }
  return { kind: 'recorded', launch: launched }
}

/** Sends one alias now, blocking for at most `leftMs`. Not acknowledged: it waits in `pending/`, and the reporter sends it first. */
export function sendAliasNow(to: HandOver, uuid: string, leftMs: number): void {
  if (!maySpawn(to) || leftMs < ALIAS_WORTH_TRYING_MS) return
  const { app, destination } = to.settings
  const place = { app, directory: to.layout.directory, destination, consentFiles: consentFiles(to.settings) }
  const task = { role: 'alias', ...place, uuid, boxMs: leftMs } as const
  boundedSpawnSync(spawnRequest(to.reporterFile, task), leftMs)
}

/** A Node start and one request take about this long. */
const ALIAS_WORTH_TRYING_MS = 150

/** Nothing leaves before the notice was shown. */
function maySpawn(to: HandOver): boolean {
  return to.notice === 'none' && to.delivery !== 'spool-only'
}

function launch(to: HandOver, token: string): LaunchOutcome {
  return launchReporter({
    layout: to.layout,
    app: to.settings.app,
    destination: to.settings.destination,
    consentFiles: consentFiles(to.settings),
    reporterFile: to.reporterFile,
    how: to.delivery === 'inline' ? 'inline' : 'detached',
    patient: true,
    token,
    nowMs: Date.now(),
  })
}

function prune(to: HandOver): void {
  const drops = noDrops()
  prunePending(to.layout, Date.now(), drops, () => !isStoredOff(to.settings))
  reportDrops(to.layout, drops, originOf(to.settings, to.delivery), Date.now())
}
