/**
 * `backoff.json`: when each destination may be tried again, and which events wait by themselves. Pure, and read by the host
 * before it launches a reporter: no `node:` import, nothing but the limits.
 *
 *     { "<destination key>": { "not_before": ISO | null, "failures": n, "reason": "http 503", "careful"?: true,
 *                              "suspects"?: { "<uuid>": { "not_before": ISO, "failures": n } } } }
 *
 * `not_before` is written before the first request and taken back by the first exact answer, so any death of a reporter counts
 * as a failure. It is advice, never truth: what does not parse is as good as absent, and costs one request too many.
 */
import { REPORTER_LIMITS } from './limits.ts'

/** An event that failed alone beside an accepted one: it waits by itself and holds up nobody. */
export interface Suspect {
  readonly not_before: string
  /** Lone failures beside an accepted event. */
  readonly failures: number
}

export interface BackoffEntry {
  readonly not_before: string | null
  /** In a row. */
  readonly failures: number
  /** The last failure, one line, for people. */
  readonly reason: string
  /** A poisonous event is among what waits and has not been found: batches begin with one file. */
  readonly careful?: true
  readonly suspects?: { readonly [uuid: string]: Suspect }
}

export type Backoff = { readonly [destinationKey: string]: BackoffEntry }

/** The moment, in Unix milliseconds, and a number in [0, 1) for whatever is left to chance. */
export interface Moment {
  readonly nowMs: number
  readonly random: () => number
}

/** One project at one address. The key is a public one (`phc_…`), so it may stand in the file; a space is in neither half. */
export function destinationKey(host: string, apiKey: string): string {
  return `${host.trim().replace(/\/+$/, '')} ${apiKey.trim()}`
}

/** Never throws: anything that is not an entry is left out, anything that is not our JSON gives `{}`. */
export function parseBackoff(text: string): Backoff {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return {}
  }
  return isRecord(value) ? pick(value, parseEntry) : {}
}

export function encodeBackoff(backoff: Backoff): string {
  return `${JSON.stringify(backoff)}\n`
}

/** Whether `not_before` lies ahead. A date over 24 h ahead is a clock that was wrong, and holds nobody up. */
export function isWaiting(entry: { readonly not_before: string | null } | undefined | null, nowMs: number): boolean {
  if (entry === undefined || entry === null || entry.not_before === null) return false
  const aheadMs = Date.parse(entry.not_before) - nowMs
  return aheadMs > 0 && aheadMs <= REPORTER_LIMITS.farDateMs
}

/** Written before the first request of a run: the failure that it will have been if nobody lives to say otherwise. */
export function beforeFirstRequest(entry: BackoffEntry | null, moment: Moment): BackoffEntry {
  return afterFailure(entry, { reason: 'unfinished', retryAfterMs: null }, moment)
}

/** `entry` is the one from before {@link beforeFirstRequest}. `Retry-After` is a floor. */
export function afterFailure(
  entry: BackoffEntry | null,
  failure: { readonly reason: string; readonly retryAfterMs: number | null },
  moment: Moment,
): BackoffEntry {
  const failures = entry?.failures ?? 0
  const waitMs = Math.max(failure.retryAfterMs ?? 0, backoffMs(failures, moment.random))
  return { ...entry, not_before: iso(moment.nowMs + waitMs), failures: failures + 1, reason: failure.reason }
}

/** A refusal that only a person can mend. Says nothing about any event, so it is not one of the failures in a row. */
export function afterPause(
  entry: BackoffEntry | null,
  refusal: { readonly reason: string; readonly retryAfterMs: number | null },
  moment: Moment,
): BackoffEntry {
  const waitMs = Math.max(refusal.retryAfterMs ?? 0, REPORTER_LIMITS.pauseMs)
  return { ...entry, not_before: iso(moment.nowMs + waitMs), failures: entry?.failures ?? 0, reason: refusal.reason }
}

/** The destination answers. What remains to be remembered, `null` if nothing. */
export function afterAccepted(entry: BackoffEntry | null, careful: boolean): BackoffEntry | null {
  const suspects = entry?.suspects
  if (!careful && suspects === undefined) return null
  return {
    not_before: null,
    failures: 0,
    reason: 'answered',
    ...(careful ? { careful } : {}),
    ...(suspects === undefined ? {} : { suspects }),
  }
}

/** The event failed alone. Without another accepted in the same run (`counts` false) only its date moves: it may be an outage. */
export function afterLoneFailure(
  entry: BackoffEntry | null,
  uuid: string,
  counts: boolean,
  moment: Moment,
): BackoffEntry {
  const failures = entry?.suspects?.[uuid]?.failures ?? 0
  const suspect: Suspect = {
    not_before: iso(moment.nowMs + backoffMs(failures, moment.random)),
    failures: failures + (counts ? 1 : 0),
  }
  const { not_before, failures: inARow, reason } = entry ?? { not_before: null, failures: 0, reason: 'lone failure' }
  return { ...entry, not_before, failures: inARow, reason, suspects: { ...entry?.suspects, [uuid]: suspect } }
}

/** The entry without these suspects, because they were settled or are long gone; `null` if nothing else is left of it. */
export function withoutSuspects(
  entry: BackoffEntry | null,
  isGone: (uuid: string, suspect: Suspect) => boolean,
): BackoffEntry | null {
  if (entry?.suspects === undefined) return entry
  const left = Object.entries(entry.suspects).filter(([uuid, suspect]) => !isGone(uuid, suspect))
  if (left.length === Object.keys(entry.suspects).length) return entry
  const { suspects: _, ...rest } = entry
  if (left.length > 0) return { ...rest, suspects: Object.fromEntries(left) }
  return rest.failures === 0 && rest.careful === undefined && rest.not_before === null ? null : rest
}

/** 5 s · 2^failures ± 25 %, at most 6 h. */
function backoffMs(failures: number, random: () => number): number {
  const { backoffBaseMs, backoffJitter, backoffMaxMs } = REPORTER_LIMITS
  const jitter = 1 + backoffJitter * (2 * random() - 1)
  return Math.min(backoffMaxMs, Math.round(backoffBaseMs * 2 ** Math.min(failures, 30) * jitter))
}

function parseEntry(value: unknown): BackoffEntry | null {
  if (!isRecord(value)) return null
  const { not_before, failures, reason, careful, suspects } = value
  if (!isCount(failures) || !(not_before === null || isDate(not_before))) return null
  return {
    not_before,
    failures,
    reason: typeof reason === 'string' ? reason : '',
    ...(careful === true ? { careful } : {}),
    ...(isRecord(suspects) ? { suspects: pick(suspects, parseSuspect) } : {}),
  }
}

function parseSuspect(value: unknown): Suspect | null {
  if (!isRecord(value) || !isDate(value.not_before) || !isCount(value.failures)) return null
  return { not_before: value.not_before, failures: value.failures }
}

/** `fromEntries` defines own properties, so that a `__proto__` in the file stays a name like any other. */
function pick<T>(record: Record<string, unknown>, parse: (value: unknown) => T | null): Record<string, T> {
  return Object.fromEntries(
    Object.entries(record).flatMap(([key, value]) => {
      const parsed = parse(value)
      return parsed === null ? [] : [[key, parsed]]
    }),
  )
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0
}

function isDate(value: unknown): value is string {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value))
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
