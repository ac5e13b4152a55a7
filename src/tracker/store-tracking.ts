/** `on` and `off` wherever this app keeps something: in its directory, and in the stand-ins for homes that take no writes. */
import type { Tracking } from '../consent/consent-file.ts'
import { setTracking, type TrackingSet } from '../consent/set-tracking.ts'
import { fs } from '../files/fs.ts'
import {
  existingFallbacks,
  isUnwritable,
  openFallbackDirectory,
  openStateDirectory,
  type StateDirectory,
} from '../platform/state-directory.ts'
import { spoolLayout } from '../spool/spool-layout.ts'
import type { TrackerSettings } from './tracker-options.ts'

/** `storedIn`: every consent.json that says so now. */
export type TrackingStored =
  | (Extract<TrackingSet, { kind: 'stored' }> & { readonly storedIn: readonly string[] })
  | Extract<TrackingSet, { kind: 'failed' }>

/** Where the directory cannot be written the choice stands in its stand-in; what could not be erased is named in `left`. */
export function storeTracking(
  settings: Pick<TrackerSettings, 'app' | 'directory'>,
  tracking: Tracking,
): TrackingStored {
  const { app, directory } = settings
  if (directory === null) return { kind: 'failed', reason: 'no-home' }
  const storedIn = new Set<string>()
  const storeIn = (place: StateDirectory): TrackingSet => {
    if (place.kind !== 'ready') return { kind: 'failed', reason: place.reason }
    const layout = spoolLayout(place.directory)
    const stored = setTracking(layout, tracking)
    if (stored.kind === 'stored') storedIn.add(layout.consent)
    return stored
  }
  const own = storeIn(openStateDirectory(directory))
  const isElsewhere = own.kind === 'failed' && isUnwritable(own.reason)
  const first = isElsewhere ? storeIn(openFallbackDirectory(app, process.env)) : own
  if (first.kind === 'failed') return own.kind === 'failed' ? own : first
  // Also what was recorded at a time when the home took no writes. A second `off` in the same place finds nothing.
  const standIns = existingFallbacks(app, process.env).map((each) => storeIn({ kind: 'ready', directory: each }))
  const all = [first, ...standIns].flatMap((each) => (each.kind === 'stored' ? [each] : []))
  const { usage, inFlight, pending } = spoolLayout(directory)
  const stuck = isElsewhere ? [usage, inFlight, pending].filter((path) => fs.existsSync(path)) : []
  return {
    kind: 'stored',
    storedIn: [...storedIn],
    erased: all.reduce((sum, { erased }) => sum + erased, 0),
    identityErased: all.some(({ identityErased }) => identityErased),
    left: [...all.flatMap(({ left }) => left), ...stuck],
  }
}
