/**
 * The `fetch` that posthog-node is given: sends what it is asked to send, once, and remembers exactly what came back.
 *
 * posthog-node takes any 2xx for success, follows redirects into losing the events, halves and retries by itself, and replaces a
 * uuid it does not like without a word (docs/evidence.md, Packages). So the uuids of the body are compared with those captured
 * before anything is sent, and posthog-node is told 200 or 400, nothing else: after either it asks no further.
 */
import { type Answer, judgeAnswer } from './answer.ts'
import { exchange, type Terms } from './exchange.ts'
import { REPORTER_LIMITS } from './limits.ts'

/** The parts of posthog-node's own types that are used. Its `signal` is not: our deadline comes first. */
export interface FetchRequest {
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
}

export interface FetchResponse {
  readonly status: number
  readonly text: () => Promise<string>
  readonly json: () => Promise<unknown>
  readonly headers: { get(name: string): string | null }
}

export interface AckingFetch {
  readonly fetch: (url: string, request: FetchRequest) => Promise<FetchResponse>
  /** Of the one request; `null` if none was asked for. */
  readonly answer: () => Answer | null
}

/** For one batch: `uuids` are those captured, in order. */
export function ackingFetch(uuids: readonly string[], terms: Terms): AckingFetch {
  let answer: Answer | null = null
  return {
    answer: () => answer,
    async fetch(url, { headers, body }) {
      if (answer !== null) return reply(400) // a second request for one batch is none of ours
      if (typeof body !== 'string' || !isSame(uuidsOnTheWire(body), uuids)) {
        answer = { kind: 'no-answer', reason: 'other', code: 'WIRE_UUIDS_DIFFER' }
        return reply(400)
      }
      const encoded = encodeBody(body)
      const wireHeaders = { ...headers, ...encoded.headers, 'accept-encoding': 'identity' }
      answer = await exchange(url, wireHeaders, encoded.body, terms)
      return reply(judgeAnswer(answer, uuids).kind === 'settled' ? 200 : 400)
    },
  }
}

function reply(status: 200 | 400): FetchResponse {
  return { status, text: async () => '', json: async () => ({}), headers: { get: () => null } }
}

function uuidsOnTheWire(body: string): readonly unknown[] {
  const { batch } = JSON.parse(body) as { readonly batch: readonly { readonly uuid?: unknown }[] }
  return batch.map(({ uuid }) => uuid)
}

function isSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index])
}

/** Level 1: six times cheaper than the default, and JSON of one kind shrinks to a tenth all the same. */
function encodeBody(body: string): {
  readonly body: string | Buffer
  readonly headers: Readonly<Record<string, string>>
} {
  if (Buffer.byteLength(body) <= REPORTER_LIMITS.gzipAboveBytes) return { body, headers: {} }
  const { gzipSync } = process.getBuiltinModule('node:zlib')
  return { body: gzipSync(body, { level: 1 }), headers: { 'content-encoding': 'gzip' } }
}
