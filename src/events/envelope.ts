/**
 * The envelope: one event as it waits on disk, and exactly what is needed to send it. Written by producers, read by the
 * reporter; both ends of the format live here. One JSON object and a final newline, at most 32 KiB (SPOOL_BOUNDS); in its file it
 * may stand behind the record of its beginning (src/spool/in-flight.ts).
 */
import type { EventName } from './catalogue.ts'
import type { ShapeValues } from './shapes.ts'

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }
export type Properties = { readonly [name: string]: Json }

export type DeliveryMode = ShapeValues['delivery']

export interface Envelope {
  readonly schema_version: 1
  /** The host's app name, as given to CommandTracker. */
  readonly app: string
  /** UUIDv7 of the moment of recording (aliases: UUIDv5 of the pair). Never minted again: a resend is recognised by it. */
  readonly uuid: string
  /** ISO 8601, UTC, milliseconds: the moment of recording. */
  readonly timestamp: string
  readonly event: EventName
  /** At most 200 characters; PostHog's illegal ids are refused before they get here. */
  readonly distinct_id: string
  /** True becomes `$process_person_profile: false` on the wire. */
  readonly is_anon: boolean
  readonly properties: Properties
  /** PostHog project key of the command that recorded it, and where it meant to send it. */
  readonly api_key: string
  readonly host: string
  readonly delivery: DeliveryMode
}

export type ParsedEnvelope =
  | { readonly kind: 'envelope'; readonly envelope: Envelope }
  /** Written by a newer version: left alone, and not counted as waiting. */
  | { readonly kind: 'foreign-schema' }
  /** Not whole JSON, or not an envelope: to be deleted and counted. */
  | { readonly kind: 'torn' }

export function encodeEnvelope(envelope: Envelope): string {
  return `${JSON.stringify(envelope)}\n`
}

/** Of a file to which lines are appended the last whole one: what follows it was cut off while it was written. */
export function lastLine(text: string): string {
  const end = text.lastIndexOf('\n')
  return end < 0 ? text : text.slice(text.lastIndexOf('\n', end - 1) + 1, end)
}

/** Of a text of several lines the last whole one counts. */
export function parseEnvelope(text: string): ParsedEnvelope {
  let value: unknown
  try {
    value = JSON.parse(lastLine(text))
  } catch {
    return { kind: 'torn' }
  }
  if (typeof value !== 'object' || value === null) return { kind: 'torn' }
  const version = (value as { schema_version?: unknown }).schema_version
  if (typeof version === 'number' && version !== 1) return { kind: 'foreign-schema' }
  return isEnvelope(value) ? { kind: 'envelope', envelope: value } : { kind: 'torn' }
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value)
}

function isEnvelope(value: object): value is Envelope {
  const e = value as Partial<Record<keyof Envelope, unknown>>
  return (
    e.schema_version === 1 &&
    isUuid(e.uuid) &&
    typeof e.app === 'string' &&
    typeof e.timestamp === 'string' &&
    !Number.isNaN(Date.parse(e.timestamp)) &&
    typeof e.event === 'string' &&
    e.event !== '' &&
    typeof e.distinct_id === 'string' &&
    e.distinct_id !== '' &&
    typeof e.is_anon === 'boolean' &&
    typeof e.properties === 'object' &&
    e.properties !== null &&
    typeof e.api_key === 'string' &&
    typeof e.host === 'string'
  )
}
