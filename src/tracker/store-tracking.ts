/** `on` and `off` wherever this app keeps something: in its directory, and in the stand-ins for homes that take no writes. */
import type { Tracking } from '../consent/consent-file.ts'
import { setTracking, type TrackingSet } from '../consent/set-tracking.ts'
import {
  existingFallbacks,
  isUnwritable,
  openFallbackDirectory,
  openStateDirectory,
  type StateDirectory,
} from '../platform/state-directory.ts'
import { spoolLayout } from '../spool/spool-layout.ts'
import type { TrackerSettings } from './tracker-options.ts'

const fs = process.getBuiltinModule('node:fs')

/** Where the directory cannot be written the choice stands in its stand-in; what could not be erased is named in `left`. */
export function storeTracking(settings: Pick<TrackerSettings, 'app' | 'directory'>, tracking: Tracking): TrackingSet {
  const { app, directory } = settings
  if (directory === null) return { kind: 'failed', reason: 'no-home' }
  const own = storeIn(openStateDirectory(directory), tracking)
  const isElsewhere = own.kind === 'failed' && isUnwritable(own.reason)
  const first = isElsewhere ? storeIn(openFallbackDirectory(app, process.env), tracking) : own
  if (first.kind === 'failed') return own
  // Also what was recorded at a time when the home took no writes. A second `off` in the same place finds nothing.
  const standIns = existingFallbacks(app, process.env).map((each) =>
    storeIn({ kind: 'ready', directory: each }, tracking),
  )
  const all = [first, ...standIns].flatMap((each) => (each.kind === 'stored' ? [each] : []))
  const { usage, inFlight, pending } = spoolLayout(directory)
  const stuck = isElsewhere ? [usage, inFlight, pending].filter((path) => fs.existsSync(path)) : []
  return {
    kind: 'stored',
    erased: all.reduce((sum, { erased }) => sum + erased, 0),
    left: [...all.flatMap(({ left }) => left), ...stuck],
  }
}

function storeIn(place: StateDirectory, tracking: Tracking): TrackingSet {
  return place.kind === 'ready'
    ? setTracking(spoolLayout(place.directory), tracking)
    : { kind: 'failed', reason: place.reason }
}
