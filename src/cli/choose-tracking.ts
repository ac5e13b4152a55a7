/** `afterword on` and `afterword off`: the user's stored choice, what it erased, and whether it is what decides here. */
import { existsSync } from 'node:fs'
import type { Tracking } from '../consent/consent-file.ts'
import { explainConsent, variableName } from '../consent/decide-consent.ts'
import { setTracking } from '../consent/set-tracking.ts'
import {
  isUnwritable,
  openFallbackDirectory,
  openStateDirectory,
  type StateDirectory,
} from '../platform/state-directory.ts'
import { type SpoolLayout, spoolLayout } from '../spool/spool-layout.ts'
import { consentNow } from '../tracker/consent-now.ts'
import { printable } from './columns.ts'
import { counted } from './in-words.ts'
import { type Place, standInsOf } from './place.ts'
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
  const stored = storeEverywhere(place, tracking)
  if (typeof stored === 'string') {
    err.write(`afterword ${tracking}: ${printable(stored)}\n`)
    return 1
  }
  const report = reportOf(place, tracking, stored)
  out.write(json ? `${JSON.stringify(report, null, 2)}\n` : inWords(report))
  if (report.left.length === 0) return 0
  err.write(`afterword ${tracking}: stored, but these could not be erased: ${report.left.map(printable).join(', ')}\n`)
  return 1
}

interface Stored {
  readonly layout: SpoolLayout
  readonly events: number
  readonly identity: boolean
  readonly left: readonly string[]
}

/**
 * In every place that is asked for consent and exists, for a no in one of them is a no: the directory and the stand-ins in use. A
 * no that the directory does not take goes into a stand-in that is made for it. A string says why it is nowhere.
 */
function storeEverywhere(place: Place, tracking: Tracking): readonly Stored[] | string {
  const { app, directory } = place
  const variable = variableName(app)
  if (directory === null) return unusableInWords('no-home', '', variable)
  const own = storeIn(openStateDirectory(directory), tracking)
  if (typeof own === 'string') {
    const standIn =
      tracking === 'off' && isUnwritable(own) ? storeIn(openFallbackDirectory(app, process.env), 'off') : own
    if (typeof standIn === 'string') return unusableInWords(own, directory, variable)
    const { usage, inFlight, pending } = spoolLayout(directory)
    const left = [usage, inFlight, pending].filter((path) => existsSync(path))
    return [{ ...standIn, left: [...standIn.left, ...left] }]
  }
  const standIns = standInsOf(place).map((each) => storeIn({ kind: 'ready', directory: each }, tracking))
  const failed = standIns.find((each) => typeof each === 'string')
  if (failed !== undefined) return unusableInWords(failed, standInsOf(place).join(', '), variable)
  return [own, ...standIns.filter((each) => typeof each !== 'string')]
}

/** A string: the reason it failed. */
function storeIn(place: StateDirectory, tracking: Tracking): Stored | string {
  if (place.kind !== 'ready') return place.reason
  const layout = spoolLayout(place.directory)
  const hadIdentity = existsSync(layout.usage)
  const stored = setTracking(layout, tracking)
  if (stored.kind === 'failed') return stored.reason
  return { layout, events: stored.erased, identity: hadIdentity && !existsSync(layout.usage), left: stored.left }
}

function reportOf(place: Place, tracking: Tracking, stored: readonly Stored[]): TrackingReport {
  const consent = consentNow(place)
  const files = stored.map(({ layout }) => layout.consent)
  return {
    app: place.app,
    tracking,
    storedIn: files,
    erased: {
      events: stored.reduce((sum, { events }) => sum + events, 0),
      identity: stored.some(({ identity }) => identity),
    },
    left: stored.flatMap(({ left }) => left),
    consent: {
      allowed: consent.allowed,
      source: consent.source,
      explanation: explainConsent(consent, variableName(place.app), files[0] ?? ''),
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
