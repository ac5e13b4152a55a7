/**
 * What came back from one request, and what it means. Pure: an observed {@link Answer} in, one closed {@link Judgement} out.
 * The table is the one of docs/reporter.md; the order of blame (event, destination, nobody) is what delivery.ts acts on.
 */
import { lazyPattern } from '../events/lazy-pattern.ts'
import { REPORTER_LIMITS } from './limits.ts'

/** `timeout`: no answer within the time that any request gets. `aborted`: we had to leave earlier, which proves nothing. */
export type NoAnswerReason = 'timeout' | 'refused' | 'dns' | 'reset' | 'tls' | 'aborted' | 'other'

export type Answer =
  | {
      readonly kind: 'response'
      readonly status: number
      readonly retryAfterMs: number | null
      /** The body as JSON; `null` if it is none. */
      readonly body: unknown
      /** The body's beginning, in one line, see {@link oneLine}: PostHog says in plain text what it does not like. */
      readonly text: string
    }
  | { readonly kind: 'no-answer'; readonly reason: NoAnswerReason; readonly code?: string }

export interface EventResult {
  readonly uuid: string
  readonly verdict: 'accepted' | 'rejected' | 'kept'
  readonly reason?: string
}

export type Judgement =
  /** Exact, event by event. */
  | { readonly kind: 'settled'; readonly results: readonly EventResult[]; readonly retryAfterMs: number | null }
  /** Read and refused as a whole (400, 413): an event in it is to blame. */
  | { readonly kind: 'unacceptable'; readonly reason: string }
  /** Only a person can mend it (401, 403, 404 …): the destination rests for hours. */
  | { readonly kind: 'paused'; readonly reason: string; readonly retryAfterMs: number | null }
  /** The way there, or the server as a whole: no event is to blame. */
  | { readonly kind: 'unavailable'; readonly reason: string; readonly retryAfterMs: number | null }
  /** No usable answer, and what we sent may be the cause (500, hang, reset). */
  | { readonly kind: 'troubled'; readonly reason: string }
  /** We left before anybody could answer. */
  | { readonly kind: 'cut-short'; readonly reason: string }

export function judgeAnswer(answer: Answer, uuids: readonly string[]): Judgement {
  switch (answer.kind) {
    case 'no-answer':
      return judgeNoAnswer(answer.reason, answer.code)
    case 'response':
      return judgeResponse(answer, uuids)
  }
}

function judgeNoAnswer(reason: NoAnswerReason, code: string | undefined): Judgement {
  const text = oneLine(code === undefined ? reason : `${reason} ${code}`)
  switch (reason) {
    case 'refused':
    case 'dns':
    case 'tls':
      return { kind: 'unavailable', reason: text, retryAfterMs: null }
    case 'timeout':
    case 'reset':
    case 'other':
      return { kind: 'troubled', reason: text }
    case 'aborted':
      return { kind: 'cut-short', reason: text }
  }
}

function judgeResponse(answer: Extract<Answer, { kind: 'response' }>, uuids: readonly string[]): Judgement {
  const { status, retryAfterMs } = answer
  const reason = `http ${status}`
  if (status >= 200 && status < 300) {
    return (
      readResults(answer.body, uuids, retryAfterMs) ?? {
        kind: 'unavailable',
        reason: `${reason} not PostHog`,
        retryAfterMs,
      }
    )
  }
  if (status === 400 && answer.text.startsWith('<')) {
    // PostHog answers in plain text or JSON. HTML is a gateway's, say of a TLS port addressed in plain text: nobody's event.
    return { kind: 'paused', reason: `${reason} not PostHog`, retryAfterMs }
  }
  if (status === 400 || status === 413) {
    return { kind: 'unacceptable', reason: oneLine(answer.text === '' ? reason : `${reason}: ${answer.text}`) }
  }
  if (status === 408 || status === 425 || status === 429) return { kind: 'unavailable', reason, retryAfterMs }
  if (status > 400 && status < 500) return { kind: 'paused', reason, retryAfterMs }
  // A server that says when to come back knows what it does; one that does not may be breaking on what it was given.
  if (status >= 500 && status < 600 && retryAfterMs === null) return { kind: 'troubled', reason }
  return { kind: 'unavailable', reason: status >= 300 && status < 400 ? `${reason} redirect` : reason, retryAfterMs }
}

/** v0 `{"status":"Ok"}`, Django's `{"status":1}`, v1 `{"results":{uuid:{"result","details"?}}}`; `null` for anything else. */
function readResults(body: unknown, uuids: readonly string[], retryAfterMs: number | null): Judgement | null {
  if (typeof body !== 'object' || body === null) return null
  const { status, results } = body as { status?: unknown; results?: unknown }
  if (typeof results === 'object' && results !== null && !Array.isArray(results)) {
    const entries = new Map<string, unknown>(Object.entries(results))
    return { kind: 'settled', results: uuids.map((uuid) => readResult(uuid, entries.get(uuid))), retryAfterMs }
  }
  if (status !== 'Ok' && status !== 1) return null
  return { kind: 'settled', results: uuids.map((uuid) => ({ uuid, verdict: 'accepted' })), retryAfterMs }
}

function readResult(uuid: string, entry: unknown): EventResult {
  const { result, details } = (typeof entry === 'object' && entry !== null ? entry : {}) as {
    result?: unknown
    details?: unknown
  }
  if (result === 'ok' || result === 'warning') return { uuid, verdict: 'accepted' }
  if (result !== 'drop') return { uuid, verdict: 'kept' }
  return { uuid, verdict: 'rejected', reason: oneLine(typeof details === 'string' ? `drop: ${details}` : 'drop') }
}

/** `Retry-After` in milliseconds: seconds or an HTTP date. `null` if absent, past, garbage, or over 24 h ahead. */
export function parseRetryAfter(header: string | undefined, nowMs: number): number | null {
  const text = header?.trim() ?? ''
  // `Date.parse` reads almost anything ("-5" is a day in 2001), so only what begins as HTTP dates do may reach it.
  const isHttpDate = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /.test(text)
  // HTTP dates are in GMT, also the oldest form, which does not say so.
  const date = isHttpDate ? Date.parse(text.endsWith('GMT') ? text : `${text} GMT`) : Number.NaN
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : date - nowMs
  return ms >= 0 && ms <= REPORTER_LIMITS.farDateMs ? ms : null
}

const REASON_LENGTH_MAX = 200

/** As {@link oneLine} would leave it. */
const PLAIN = /^(?:[!-~]+(?: [!-~]+)*)?$/
const unprintable = lazyPattern(String.raw`[\s\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+`, 'gu')

/** Printable, one line, at most 200 characters: fit for the journal and a terminal. */
export function oneLine(text: string): string {
  if (text.length <= REASON_LENGTH_MAX && PLAIN.test(text)) return text
  return text
    .slice(0, 4 * REASON_LENGTH_MAX)
    .replace(unprintable(), ' ')
    .trim()
    .slice(0, REASON_LENGTH_MAX)
}
