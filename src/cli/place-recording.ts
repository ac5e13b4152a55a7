/**
 * What a command of this program that has events of its own needs to record them under an app's consent, identity and destination: the same
 * gate as a host's commands, for a process that has no CommandTracker.
 */
import { consentMark } from '../consent/consent-mark.ts'
import { explainConsent, variableName } from '../consent/decide-consent.ts'
import type { Attribution } from '../events/event-sink.ts'
import { resolveDistinctId } from '../identity/identity.ts'
import { packageFile } from '../platform/package-files.ts'
import { openStateDirectory } from '../platform/state-directory.ts'
import { killSurvivor } from '../reporter/kill-survivor.ts'
import { launchReporter } from '../reporter/launch.ts'
import type { Destination } from '../reporter/reporter-task.ts'
import { type SpoolLayout, spoolLayout } from '../spool/spool-layout.ts'
import { consentFiles, consentNow } from '../tracker/consent-now.ts'
import { deliveryHere } from '../tracker/delivery-here.ts'
import { firstIdentity } from '../tracker/first-identity.ts'
import type { Place } from './place.ts'

export interface PlaceRecording {
  readonly layout: SpoolLayout
  /** From a fresh read: may anything be written or sent? */
  readonly allowed: () => boolean
  readonly consentMark: () => string
  /** Who is there now, and where it goes; null: it may not be recorded. Throws where it may and nobody can be named, as on a full disk. */
  readonly attribution: () => Attribution | null
  /** Something waits. A reporter that is at work already will find it. */
  readonly launch: (token: string) => void
}

/** A string says in one sentence why nothing is recorded. */
export function openPlaceRecording(place: Place, destination: Partial<Destination>): PlaceRecording | string {
  const { apiKey, host } = destination
  if (apiKey === undefined || host === undefined)
    return 'Nothing is sent or kept: --host and --api-key (or AFTERWORD_HOST and AFTERWORD_API_KEY) say where to'
  const consent = consentNow(place)
  if (consent.mode !== 'on') {
    const file = spoolLayout(place.directory ?? '').consent
    return `Nothing is sent or kept: ${explainConsent(consent, variableName(place.app), file)}`
  }
  if (place.directory === null) return 'Nothing is sent or kept: there is no home'
  const opened = openStateDirectory(place.directory)
  if (opened.kind !== 'ready') return `Nothing is sent or kept: ${place.directory} cannot be used (${opened.reason})`
  const layout = spoolLayout(opened.directory)
  const files = consentFiles(place)
  const allowed = (): boolean => consentNow(place).mode === 'on'
  const mark = (): string => consentMark(files)
  return {
    layout,
    allowed,
    consentMark: mark,
    attribution: () => {
      if (!allowed()) return null
      // Before the identity is read: a choice made in between is then another one than this.
      const consent_mark = mark()
      const identity = firstIdentity({ ...place, principal: null }, layout)
      if ('kind' in identity) {
        if (!allowed()) return null
        throw new Error(`naming the user: ${identity.reason}`)
      }
      const { distinctId, isAnon } = resolveDistinctId(identity)
      const delivery = deliveryHere('detached', layout)
      return { app: place.app, api_key: apiKey, host, distinct_id: distinctId, is_anon: isAnon, delivery, consent_mark }
    },
    launch: (token) => {
      launchReporter({
        layout,
        app: place.app,
        destination: { apiKey, host },
        consentFiles: files,
        reporterFile: packageFile(import.meta.url, 'reporter/main.cjs'),
        startInline: null,
        killSurvivor,
        patient: true,
        token,
        nowMs: Date.now(),
      })
    },
  }
}
