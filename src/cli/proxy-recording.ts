/**
 * Records the sessions of the proxy so that none is lost with it. Like a command, a session has a record from its beginning to its end: the
 * `cdp_disconnect` that a reporter is to send should this process be gone by then. A SIGKILL of the proxy leaves its open sessions behind as
 * such records, and whichever reporter runs next closes them (spool/settle.ts).
 */
import type { Json } from '../events/envelope.ts'
import type { Attribution, EventSink, SinkEvent } from '../events/event-sink.ts'
import { scrubForSending } from '../events/scrub-for-sending.ts'
import { uuid7 } from '../events/uuid7.ts'
import { currentInstance } from '../platform/process-instance.ts'
import { commit, hasBegun, inFlightPath, pendingPath, publish, removeQuietly, writeBegun } from '../spool/in-flight.ts'
import { spoolSink } from '../spool/spool-sink.ts'
import type { PlaceRecording } from './place-recording.ts'

/** The sink throws what the folder answers, such as a full disk: the session counts it. */
export function proxyRecording(recording: PlaceRecording): EventSink {
  /** connection_id → the uuid of its record. */
  const open = new Map<string, string>()
  const { layout, allowed, consentMark, launch } = recording
  const failed = (reason: string): never => {
    throw new Error(`recording an event: ${reason}`)
  }
  const straight = spoolSink({ layout, allowed, consentMark, launch, failed })
  const mayLeave = ({ consent_mark }: Attribution): boolean => allowed() && consentMark() === consent_mark

  const begin = (event: SinkEvent, attribution: Attribution): void => {
    if (!mayLeave(attribution)) return
    const { connection_id, ts_us } = event.properties
    const uuid = uuid7(Date.now())
    const properties = { ...LOST, connection_id: connection_id ?? '', ts_us: ts_us ?? 0 }
    const envelope = envelopeOf({ ...event, event: 'cdp_disconnect', uuid, properties }, attribution)
    const written = writeBegun(layout, { schema_version: 1, state: 'begun', process: currentInstance(), envelope })
    if (written.kind === 'failed') return failed(written.reason)
    // Race R4, as for a command: `off` between the look and the write.
    if (mayLeave(attribution)) open.set(textOf(connection_id), uuid)
    else removeQuietly(inFlightPath(layout, uuid))
  }

  const end = (event: SinkEvent, attribution: Attribution, uuid: string): void => {
    if (!hasBegun(layout, uuid)) return // `off` was here
    const written = commit(layout, envelopeOf({ ...event, uuid }, attribution))
    if (written.kind === 'failed') {
      if (written.reason === 'ENOENT') return // race R4: `off` was here since
      // The record stays as it is: a later run says that the session was lost, which is what became of what we know of it.
      return failed(written.reason)
    }
    if (publish(layout, uuid) === 'failed') return failed('not-published')
    if (mayLeave(attribution)) launch(uuid)
    else removeQuietly(pendingPath(layout, uuid))
  }

  return (event) => {
    const { attribution } = event
    if (attribution === null) return
    const connection = textOf(event.properties['connection_id'])
    const uuid = open.get(connection)
    if (event.event === 'cdp_disconnect' && uuid !== undefined) {
      open.delete(connection)
      return end(event, attribution, uuid)
    }
    if (event.event === 'cdp_connect') begin(event, attribution)
    straight(event)
  }
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}

/** What is true of a session whose proxy was killed, and no more. */
const LOST: { readonly [name: string]: Json } = {
  $geoip_disable: true,
  $ip: null,
  reason: 'context_cancelled',
  closed_by: 'proxy',
  how: 'lost',
  confirmed: false,
  telemetry_dropped: 0,
}

function envelopeOf({ event, uuid, timestamp, properties }: SinkEvent, attribution: Attribution) {
  const { consent_mark: _, ...origin } = attribution
  return {
    schema_version: 1,
    event,
    uuid,
    timestamp,
    properties: scrubForSending(event, properties).properties,
    ...origin,
  } as const
}
