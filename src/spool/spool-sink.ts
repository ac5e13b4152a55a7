/**
 * The one gate of everything that is no command: consent, catalogue, size, spool. What is refused is gone; a session's summary stays
 * in its directory all the same.
 */
import { isEventName } from '../events/catalogue.ts'
import type { EventSink } from '../events/event-sink.ts'
import { scrubForSending } from '../events/scrub-for-sending.ts'
import { enqueue, pendingPath, removeQuietly } from './in-flight.ts'
import type { SpoolLayout } from './spool-layout.ts'

export interface SpoolSinkSeams {
  readonly layout: SpoolLayout
  /** From a fresh read each time: before the write, and after it (race R4). */
  readonly allowed: () => boolean
  /** The stored choice as it lies on disk now; see consent/consent-mark.ts. */
  readonly consentMark: () => string
  /** Something waits: asks for a reporter. @default nothing, we are one */
  readonly launch?: (uuid: string) => void
  /** The folder took no write: an errno code, or `oversize`. @default it is nobody's business */
  readonly failed?: (reason: string) => void
}

export function spoolSink({ layout, allowed, consentMark, launch, failed }: SpoolSinkSeams): EventSink {
  return ({ event, uuid, timestamp, properties, attribution }) => {
    if (attribution === null || !isEventName(event)) return
    const { consent_mark, ...origin } = attribution
    const mayLeave = (): boolean => allowed() && consentMark() === consent_mark
    if (!mayLeave()) return
    const scrubbed = scrubForSending(event, properties)
    const written = enqueue(layout, {
      schema_version: 1,
      uuid,
      timestamp,
      event,
      properties: scrubbed.properties,
      ...origin,
    })
    if (written.kind === 'failed') return failed?.(written.reason)
    if (mayLeave()) launch?.(uuid)
    else removeQuietly(pendingPath(layout, uuid))
  }
}
