/** When an event happened, by PostHog's rules (rust/common/types/src/timestamp.rs). Pure; all times are ms since 1970. */

const HOUR_MS = 3_600_000
const FUTURE_MS_MAX: number = 23 * HOUR_MS
const YEAR_0_MS: number = Date.parse('0000-01-01T00:00:00Z')
const YEAR_10000_MS: number = Date.UTC(10_000, 0, 1)

export interface ClientClock {
  /** As the client wrote it. */
  readonly timestamp: string | undefined
  /** Age of the event in ms, as old SDKs say it; beats `timestamp`. */
  readonly offsetMs: number | undefined
  /** The client's clock when it sent the request. Leave out for `$ignore_sent_at`. */
  readonly sentAtMs: number | undefined
}

/**
 * The client's timestamp moved by the difference of the two clocks (`sent_at` against `nowMs`); without `sent_at` as it is.
 * Unparsable, missing, or more than 23 h ahead: now. Outside the years 0 to 9999: 1970.
 */
export function resolveEventTime(clock: ClientClock, nowMs: number): number {
  const time = unclampedTime(clock, nowMs)
  if (time - nowMs > FUTURE_MS_MAX) return nowMs
  return time < YEAR_0_MS || time >= YEAR_10000_MS ? 0 : time
}

function unclampedTime({ timestamp, offsetMs, sentAtMs }: ClientClock, nowMs: number): number {
  if (offsetMs !== undefined) return nowMs - offsetMs
  const claimed = timestamp === undefined ? undefined : parseTime(timestamp)
  if (claimed === undefined) return nowMs
  return sentAtMs === undefined ? claimed : claimed - (sentAtMs - nowMs)
}

const ISO = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?) ?(Z|[+-]\d\d(?::?\d\d)?)?)?$/i
const RFC_2822 = /^(?:[a-z]{3}, )?\d{1,2} [a-z]{3} \d{4} \d\d:\d\d(?::\d\d)? (?:[+-]\d{4}|GMT|UTC)$/i

/**
 * ISO 8601 (no zone means UTC, `+03` and a space for the T are let pass), RFC 2822, or seconds or milliseconds as digits.
 * Undefined for all else: `Date.parse` alone would read "host 1" as the year 2001, and zoneless times as local.
 */
export function parseTime(text: string): number | undefined {
  const iso = ISO.exec(text)
  if (iso) {
    const [, date, time = '00:00', zone = 'Z'] = iso
    return validTime(Date.parse(`${date}T${time}${isoZone(zone)}`))
  }
  if (/^\d{10}$/.test(text)) return Number(text) * 1000
  if (/^\d{13}$/.test(text)) return Number(text)
  return RFC_2822.test(text) ? validTime(Date.parse(text)) : undefined
}

function isoZone(zone: string): string {
  if (zone.length === 3) return `${zone}:00`
  return zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone.toUpperCase()
}

function validTime(time: number): number | undefined {
  return Number.isNaN(time) ? undefined : time
}
