/**
 * Envelopes to PostHog through posthog-node: the only file that knows it. Driven through `capture` and `flush` alone, with our own
 * fetch; never `captureImmediate` (says nothing), never `shutdown` (prints, waits).
 */
import { PostHog } from 'posthog-node'
import type { Envelope, Properties } from '../events/envelope.ts'
import { ackingFetch } from './acking-fetch.ts'
import type { Answer } from './answer.ts'
import { REPORTER_LIMITS } from './limits.ts'
import { type Environment, openConnections } from './proxy-tunnel.ts'

export interface PostHogSenderOptions {
  /** The last look at an event's properties before they leave. Not asked about `$create_alias`, whose two ids are the message. */
  readonly scrub: (envelope: Envelope) => Properties
  /** Where the proxy is named. @default process.env */
  readonly env?: Environment
}

export interface SendTerms {
  readonly host: string
  readonly apiKey: string
  /** What is left of the box, ms. The request takes at most 5 s, or this less 0.5 s or a quarter, and then answers `aborted`. */
  readonly boxLeftMs: number
  readonly signal?: AbortSignal
}

export interface PostHogSender {
  /**
   * One request. Never rejects: whatever goes wrong is an {@link Answer}. After a whole answer the connection is kept for the next
   * call, idle, and does not hold the process (Node's agent unrefs it); after anything else none is left.
   */
  sendBatch(envelopes: readonly Envelope[], terms: SendTerms): Promise<Answer>
}

export function startPostHogSender({ scrub, env = process.env }: PostHogSenderOptions): PostHogSender {
  isolatePostHog()
  const connections = openConnections(env)

  return {
    async sendBatch(envelopes, { host, apiKey, boxLeftMs, signal }) {
      const { requestMs, requestReserveMs } = REPORTER_LIMITS
      const limitMs = Math.min(requestMs, boxLeftMs - Math.min(requestReserveMs, boxLeftMs / 4))
      if (limitMs <= 0) return { kind: 'no-answer', reason: 'aborted' }
      const inWireOrder = exceptionsLast(envelopes)
      const uuids = inWireOrder.map(({ uuid }) => uuid)
      const { fetch, answer } = ackingFetch(uuids, {
        connections,
        limitMs,
        whenOver: limitMs < requestMs ? 'aborted' : 'timeout',
        ...(signal === undefined ? {} : { signal }),
      })
      try {
        // A new client each time: after a failure it keeps its queue, and the same uuid would travel twice in the next batch.
        const client = new PostHog(apiKey, {
          host,
          fetch,
          isServer: false,
          disableGeoip: true,
          // Nothing leaves but through flush(), and then in one request.
          flushAt: envelopes.length + 1,
          maxBatchSize: envelopes.length,
          flushInterval: 0,
          fetchRetryCount: 0,
          disableCompression: true, // ours comes after the uuids were read
          requestTimeout: REPORTER_LIMITS.exitMs, // ours is shorter, and ref'd
        })
        for (const envelope of inWireOrder) client.capture(wireEvent(envelope, scrub))
        await client.flush()
      } catch (error) {
        // flush() rejects after every answer that it does not like: that is known already, exactly. The rest is told here.
        return answer() ?? { kind: 'no-answer', reason: 'other', code: `NOT_SENT ${nameOf(error)}` }
      }
      return answer() ?? { kind: 'no-answer', reason: 'other', code: 'NOT_SENT' }
    },
  }
}

/** posthog-node takes a turn more for a `$exception`: it would overtake nothing, but what was captured after it would. */
function exceptionsLast(envelopes: readonly Envelope[]): readonly Envelope[] {
  const isException = ({ event }: Envelope): boolean => event === '$exception'
  return [...envelopes.filter((each) => !isException(each)), ...envelopes.filter(isException)]
}

interface WireEvent {
  readonly distinctId: string
  readonly event: string
  readonly properties: Record<string, unknown>
  readonly uuid: string
  readonly timestamp: Date
}

/** An alias is byte for byte what `client.alias` would send, which takes neither uuid nor timestamp (docs/evidence.md, Packages). */
function wireEvent(envelope: Envelope, scrub: PostHogSenderOptions['scrub']): WireEvent {
  const { distinct_id, event, uuid, timestamp, is_anon, properties } = envelope
  const common = { distinctId: distinct_id, event, uuid, timestamp: new Date(timestamp) }
  if (event === '$create_alias') return { ...common, properties: { ...properties } }
  const anonymous = is_anon ? { $process_person_profile: false } : {}
  return { ...common, properties: { ...scrub(envelope), $ip: null, ...anonymous } }
}

/**
 * posthog-node reads both when a client is constructed: the variable would switch it to another protocol, and looking for
 * CompressionStream and Response makes Node 20 load undici, 15 ms and 8 MiB for what we never use. The reporter is our own
 * process; nobody else misses them.
 */
function isolatePostHog(): void {
  delete process.env.POSTHOG_CAPTURE_MODE
  for (const name of ['CompressionStream', 'fetch', 'Response', 'Request', 'Headers', 'FormData']) {
    Reflect.deleteProperty(globalThis, name)
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error
}
