/** `afterword on` and `afterword off`: the user's stored choice, what it erased, and whether it is what decides here. */
import type { Tracking } from '../consent/consent-file.ts'
import { explainConsent, variableName } from '../consent/decide-consent.ts'
import { consentNow } from '../tracker/consent-now.ts'
import { storeTracking, type TrackingStored } from '../tracker/store-tracking.ts'
import { printable } from './columns.ts'
import { counted } from './in-words.ts'
import type { Place } from './place.ts'
import type { Screens } from './screen.ts'
import { unusableInWords } from './unusable-words.ts'

export interface TrackingReport {
  readonly app: string
  readonly tracking: Tracking
  /** Where the choice is kept now. */
  readonly storedIn: readonly string[]
  readonly erased: { readonly events: number; readonly identity: boolean }
  /** What could not be erased. */
  readonly left: readonly string[]
  /** What counts here and now, after the choice. */
  readonly consent: { readonly allowed: boolean; readonly source: string; readonly explanation: string }
}

export function chooseTracking(
  place: Place,
  { tracking, json }: { readonly tracking: Tracking; readonly json: boolean },
  { out, err }: Screens,
): number {
  const stored = storeTracking(place, tracking)
  if (stored.kind === 'failed') {
    const why = unusableInWords(stored.reason, place.directory ?? '', variableName(place.app))
    err.write(`afterword ${tracking}: ${printable(why)}\n`)
    return 1
  }
  const report = reportOf(place, tracking, stored)
  out.write(json ? `${JSON.stringify(report, null, 2)}\n` : inWords(report))
  if (report.left.length === 0) return 0
  err.write(`afterword ${tracking}: stored, but these could not be erased: ${report.left.map(printable).join(', ')}\n`)
  return 1
}

type Stored = Extract<TrackingStored, { kind: 'stored' }>

function reportOf(place: Place, tracking: Tracking, stored: Stored): TrackingReport {
  const consent = consentNow(place)
  return {
    app: place.app,
    tracking,
    storedIn: stored.storedIn,
    erased: { events: stored.erased, identity: stored.identityErased },
    left: stored.left,
    consent: {
      allowed: consent.allowed,
      source: consent.source,
      explanation: explainConsent(consent, variableName(place.app), stored.storedIn[0] ?? ''),
    },
  }
}

function inWords({ app, tracking, storedIn, erased, consent }: TrackingReport): string {
  const what = [
    ...(erased.events > 0 ? [counted(erased.events, 'waiting event')] : []),
    ...(erased.identity ? ['the id of this installation'] : []),
  ]
  const wire = 'A request that is already on the wire is not called back.'
  const decides = consent.source === 'stored' ? [] : [`Something else decides here. ${consent.explanation}`]
  return [
    `Usage tracking of ${app}: ${tracking}.`,
    `Stored in ${storedIn.join(' and ')}.`,
    ...(what.length > 0
      ? [`Erased: ${what.join(' and ')}.`]
      : tracking === 'off'
        ? ['There was nothing to erase.']
        : []),
    ...(tracking === 'off' ? [wire] : []),
    ...decides,
    '',
  ]
    .map(printable)
    .join('\n')
}
