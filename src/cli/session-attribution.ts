/** Whose a traced session will be, and the sink that takes its summary: both fixed before the workload starts. */
import { randomUUID } from 'node:crypto'
import { consentMark } from '../consent/consent-mark.ts'
import type { Attribution, EventSink } from '../events/event-sink.ts'
import { createIdentity, readIdentity } from '../identity/identity-file.ts'
import { resolveDistinctId } from '../identity/identity.ts'
import { packageFile } from '../platform/package-files.ts'
import { openStateDirectory } from '../platform/state-directory.ts'
import { killSurvivor } from '../reporter/kill-survivor.ts'
import { launchReporter } from '../reporter/launch.ts'
import type { Destination } from '../reporter/reporter-task.ts'
import { spoolLayout } from '../spool/spool-layout.ts'
import { spoolSink } from '../spool/spool-sink.ts'
import { consentFiles, consentNow, isStoredOff } from '../tracker/consent-now.ts'
import type { Place } from './place.ts'

/** `--host` and `--api-key`, else the environment's; null: nowhere. */
export function sessionDestination(given: Partial<Destination>): Destination | null {
  const host = given.host ?? process.env['AFTERWORD_HOST']
  const apiKey = given.apiKey ?? process.env['AFTERWORD_API_KEY']
  return !host || !apiKey ? null : { host: host.replace(/\/+$/, ''), apiKey }
}

export interface SessionPlace {
  /** Where its files go; null: nowhere, snapshots stay in memory. */
  readonly directory: string | null
  readonly attribution: Attribution | null
  readonly sink: EventSink | null
}

/** Nothing is sent of a session that began without consent, destination or identity. */
export function placeSession(place: Place, destination: Destination | null): SessionPlace {
  const opened = place.directory === null ? null : openStateDirectory(place.directory)
  if (opened?.kind !== 'ready') return { directory: null, attribution: null, sink: null }
  const { directory } = opened
  const nowhere: SessionPlace = { directory, attribution: null, sink: null }
  if (destination === null || !consentNow(place).allowed) return nowhere
  const files = consentFiles(place)
  const mark = consentMark(files)
  const layout = spoolLayout(directory)
  const file = readIdentity(layout.usage)
  const made = file.kind === 'absent' ? createIdentity(layout.usage, layout.telemetry) : file
  if (!('identity' in made) || isStoredOff(place)) return nowhere
  const { distinctId, isAnon } = resolveDistinctId(made.identity)
  const { host, apiKey } = destination
  return {
    directory,
    attribution: {
      app: place.app,
      api_key: apiKey,
      host,
      delivery: 'detached',
      distinct_id: distinctId,
      is_anon: isAnon,
      consent_mark: mark,
    },
    sink: spoolSink({
      layout,
      allowed: () => consentNow(place).allowed,
      consentMark: () => consentMark(files),
      launch: () => launch(place, directory, destination),
    }),
  }
}

function launch(place: Place, directory: string, destination: Destination): void {
  launchReporter({
    layout: spoolLayout(directory),
    app: place.app,
    destination,
    consentFiles: consentFiles(place),
    reporterFile: packageFile(import.meta.url, 'reporter/main.cjs'),
    startInline: null,
    killSurvivor,
    patient: true,
    token: randomUUID(),
    nowMs: Date.now(),
  })
}
