/** The half of the collector that PostHog's SDKs talk to. */
import type { IncomingMessage } from 'node:http'
import { decodePayload, fieldBytes, WIRE_BYTES_MAX } from './decode-payload.ts'
import { ingest } from './ingest.ts'
import type { CollectedEvent, IngestContext } from './ingest.ts'
import { readBody } from './read-body.ts'
import { json, notAllowed, text } from './reply.ts'
import type { Reply } from './reply.ts'
import type { EventStore } from './store.ts'

export interface Capture {
  readonly store: EventStore
  readonly context: () => IngestContext
  /** Told after the transaction, before the reply. */
  readonly stored: (events: readonly CollectedEvent[]) => void
}

const CAPTURE_ROUTES: ReadonlySet<string> = new Set(['/batch', '/e', '/i/v0/e', '/capture', '/track', '/engage'])

export function isCaptureRoute(route: string): boolean {
  return CAPTURE_ROUTES.has(route)
}

export function isFlagsRoute(route: string): boolean {
  return route === '/flags' || route === '/decide'
}

/** 200 (204 for a beacon) once the events are on disk; 400, 401, 413 with the reason as text; 503 if they cannot be stored. */
export async function answerCapture(
  request: IncomingMessage,
  route: string,
  query: URLSearchParams,
  { store, context, stored }: Capture,
): Promise<Reply | undefined> {
  if (request.method === 'OPTIONS') return text(200, '')
  if (request.method !== 'GET' && request.method !== 'POST') return notAllowed('GET, POST, OPTIONS')
  const body = await readBody(request, WIRE_BYTES_MAX)
  if (body.kind === 'cut') return undefined
  if (body.kind === 'too-large') return text(413, 'request body too large')
  const data = query.get('data')
  const payload = decodePayload(data ? fieldBytes(data) : body.bytes)
  if (payload.kind === 'refused') return text(payload.status, payload.reason)

  const engage = route === '/engage'
  const ingested = ingest({ body: payload.value, engage, sentAtMs: querySentAt(query) }, context())
  if (ingested.status !== 200) return text(ingested.status, ingested.reply)
  try {
    store.append(ingested.token, ingested.events)
  } catch (error) {
    return text(503, `cannot store events: ${error instanceof Error ? error.message : String(error)}`)
  }
  stored(ingested.events)
  return query.get('beacon') === '1' ? text(204, '') : json(200, ingested.reply)
}

/** No flags are evaluated here: an SDK that asks for them gets none, and no error. */
export function answerFlags(request: IncomingMessage): Reply {
  request.resume()
  return json(200, {
    flags: {},
    featureFlags: {},
    featureFlagPayloads: {},
    errorsWhileComputingFlags: false,
    quotaLimited: [],
  })
}

const MS_2021: number = Date.UTC(2021, 0, 1)

/** posthog-js says `_=1763640000000`; older versions said it in seconds, which is ignored. */
function querySentAt(query: URLSearchParams): number | undefined {
  const ms = Number(query.get('_') ?? '')
  return Number.isSafeInteger(ms) && ms >= MS_2021 ? ms : undefined
}
