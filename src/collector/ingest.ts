/**
 * What a PostHog capture endpoint (v0) makes of a request: pure, from a decoded request and the time to a reply and the events.
 * A request is taken or refused as one: a single bad event refuses its whole batch, with the reason as plain text.
 * Source: PostHog/posthog rust/capture/src/{v0_request,token,api}.rs, rust/common/types/src/event.rs.
 */
import { parseTime, resolveEventTime } from './event-time.ts'
import { isJsonObject } from './json-object.ts'
import type { JsonObject } from './json-object.ts'
import { findToken } from './project-token.ts'

export interface CaptureRequest {
  /** A single event, an array of events, or `{ api_key | token, batch, sent_at?, historical_migration? }`. */
  readonly body: unknown
  /** `/engage`: an event without a name is an `$identify`. */
  readonly engage: boolean
  /** The query's `_`, ms; what the batch says itself goes before it. */
  readonly sentAtMs: number | undefined
}

/** An event as it is stored. Times are ms since 1970. */
export interface CollectedEvent {
  /** Lower case, with hyphens. Minted here if the client sent none. */
  readonly uuid: string
  readonly event: string
  /** At most 200 characters. */
  readonly distinctId: string
  /** Corrected for the client's clock. */
  readonly timestampMs: number
  /** As the client wrote it. */
  readonly clientTimestamp: string | null
  readonly sentAtMs: number | null
  readonly receivedAtMs: number
  /** With the event's own `$set` and `$set_once` merged in. */
  readonly properties: JsonObject
  readonly propertiesJson: string
  readonly lib: string | null
  readonly libVersion: string | null
}

export type Ingested =
  | { readonly status: 200; readonly reply: string; readonly token: string; readonly events: readonly CollectedEvent[] }
  | { readonly status: 400 | 401; readonly reply: string; readonly events: readonly [] }

/** PostHog's limit for the message that it puts on Kafka. */
const EVENT_BYTES_MAX = 1_000_000
const DISTINCT_ID_CHARACTERS_MAX = 200

/** `nowMs` is the server's clock, `mintUuid` gives ids to events without one. Never throws. */
export function ingest(request: CaptureRequest, { nowMs, mintUuid }: IngestContext): Ingested {
  const { body } = request
  const batch = isJsonObject(body) && Array.isArray(body['batch']) ? body : undefined
  const raw: readonly unknown[] = batch ? (batch['batch'] as unknown[]) : Array.isArray(body) ? body : [body]
  if (raw.length === 0) return refuse(400, 'request holds no event')

  const sentAt = batch?.['sent_at']
  const sentAtMs = (typeof sentAt === 'string' ? parseTime(sentAt) : undefined) ?? request.sentAtMs
  try {
    for (const [index, event] of raw.entries()) checkShape(event, index, request.engage)
    const token = findToken(raw as JsonObject[], batch)
    if (token.kind === 'refused') return refuse(401, token.reason)
    const events = (raw as JsonObject[]).map((event) => collected(event, sentAtMs, { nowMs, mintUuid }))
    return { status: 200, reply: '{"status":"Ok"}', token: token.token, events }
  } catch (error) {
    if (error instanceof Refusal) return refuse(400, error.message)
    // JSON.stringify recurses where JSON.parse does not: a million brackets get in, but not out again.
    if (error instanceof RangeError) return refuse(400, 'failed to parse request: nested too deeply')
    throw error
  }
}

export interface IngestContext {
  readonly nowMs: number
  readonly mintUuid: () => string
}

/** Leaves the loop over a batch at its first bad event; never leaves this file. */
class Refusal extends Error {}

function refuse(status: 400 | 401, reply: string): Ingested {
  return { status, reply, events: [] }
}

/** What serde refuses before anything else is looked at, tokens included. */
function checkShape(event: unknown, index: number, engage: boolean): void {
  const wants = (what: string): never => {
    throw new Refusal(`failed to parse request: event ${index}: ${what}`)
  }
  if (!isJsonObject(event)) return wants('not an object')
  if (typeof event['event'] !== 'string' && !(engage && event['event'] === undefined))
    return wants('event: wants a string')
  for (const key of ['properties', '$set', '$set_once']) {
    const value = event[key]
    if (value !== undefined && !isJsonObject(value) && !(value === null && key !== 'properties')) {
      return wants(`${key}: wants an object`)
    }
  }
  const { timestamp, offset } = event
  if (timestamp !== undefined && timestamp !== null && typeof timestamp !== 'string')
    return wants('timestamp: wants a string')
  if (offset !== undefined && offset !== null && !Number.isSafeInteger(offset)) return wants('offset: wants an integer')
}

function collected(raw: JsonObject, sentAtMs: number | undefined, { nowMs, mintUuid }: IngestContext): CollectedEvent {
  const event = (raw['event'] as string | undefined) ?? '$identify'
  if (event === '') throw new Refusal('event submitted with an empty event name')
  const distinctId = resolveDistinctId(raw)
  const properties = mergedProperties(raw)
  const propertiesJson = JSON.stringify(properties)
  if (event.length + distinctId.length + Buffer.byteLength(propertiesJson) > EVENT_BYTES_MAX) {
    throw new Refusal('maximum event size exceeded')
  }
  const timestamp = (raw['timestamp'] as string | null | undefined) ?? undefined
  const offsetMs = (raw['offset'] as number | null | undefined) ?? undefined
  const trustedSentAtMs = properties['$ignore_sent_at'] === true ? undefined : sentAtMs
  return {
    uuid: parseUuid(raw['uuid']) ?? mintUuid(),
    event,
    distinctId,
    timestampMs: resolveEventTime({ timestamp, offsetMs, sentAtMs: trustedSentAtMs }, nowMs),
    clientTimestamp: timestamp ?? null,
    sentAtMs: sentAtMs ?? null,
    receivedAtMs: nowMs,
    properties,
    propertiesJson,
    lib: stringOrNull(properties['$lib']),
    libVersion: stringOrNull(properties['$lib_version']),
  }
}

/** Top level, then properties; anything but null is made a string, blank counts as missing, and it is cut, not refused. */
function resolveDistinctId(raw: JsonObject): string {
  const properties = raw['properties'] as JsonObject | undefined
  const value = raw['distinct_id'] ?? raw['$distinct_id'] ?? properties?.['distinct_id']
  if (value === undefined || value === null) throw new Refusal('event submitted without a distinct_id')
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  if (text.trim() === '') throw new Refusal('event submitted with an empty distinct_id')
  const whole = text.replaceAll('\0', '\ufffd')
  if (whole.length <= DISTINCT_ID_CHARACTERS_MAX) return whole
  return Array.from(whole).slice(0, DISTINCT_ID_CHARACTERS_MAX).join('')
}

/** `$set` and `$set_once` beside the properties mean the same as inside them, and win. */
function mergedProperties(raw: JsonObject): JsonObject {
  const properties = (raw['properties'] as JsonObject | undefined) ?? {}
  const merged: Record<string, JsonObject> = {}
  for (const key of ['$set', '$set_once']) {
    const outer = raw[key]
    const inner = properties[key]
    if (isJsonObject(outer)) merged[key] = isJsonObject(inner) ? { ...inner, ...outer } : outer
  }
  return { ...properties, ...merged }
}

const UUID = /^([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})$/

function parseUuid(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined
  const match = typeof value === 'string' ? UUID.exec(value.toLowerCase()) : null
  if (!match) throw new Refusal(`failed to parse request: uuid: not a UUID: ${JSON.stringify(value)?.slice(0, 60)}`)
  return match.slice(1).join('-')
}

function stringOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
