import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  afterAccepted,
  afterFailure,
  afterLoneFailure,
  afterPause,
  type BackoffEntry,
  beforeFirstRequest,
  destinationKey,
  encodeBackoff,
  isWaiting,
  parseBackoff,
  withoutSuspects,
} from '../../src/reporter/backoff.ts'
import { REPORTER_LIMITS } from '../../src/reporter/limits.ts'

const nowMs = Date.UTC(2026, 10, 20, 12)
const HOUR = 3_600_000
const at = (random: number): { nowMs: number; random: () => number } => ({ nowMs, random: () => random })
const aheadMs = (entry: { not_before: string | null } | null | undefined): number =>
  Date.parse(entry?.not_before ?? '') - nowMs
const in5s: BackoffEntry = { not_before: new Date(nowMs + 5000).toISOString(), failures: 1, reason: 'http 503' }
const failure = { reason: 'http 503', retryAfterMs: null }

describe('destinationKey()', () => {
  it('is the same for one project at one address, however it is written', () => {
    const key = destinationKey('https://eu.i.posthog.com', 'phc_a')
    expect(destinationKey(' https://eu.i.posthog.com// ', 'phc_a ')).toBe(key)
    expect(destinationKey('https://us.i.posthog.com', 'phc_a')).not.toBe(key)
    expect(destinationKey('https://eu.i.posthog.com', 'phc_b')).not.toBe(key)
  })
})

describe('parseBackoff()', () => {
  it.each([
    ['torn', '{"a":'],
    ['empty', ''],
    ['null', 'null'],
    ['list', '[]'],
    ['text', '"x"'],
    ['NUL', '\0\0'],
  ])('takes a %s file for an empty one', (_, text) => {
    expect(parseBackoff(text)).toEqual({})
  })

  it('leaves out what is not an entry and keeps the rest', () => {
    const text = JSON.stringify({
      good: in5s,
      resting: { not_before: null, failures: 0, reason: 'answered', careful: true },
      noDate: { failures: 1 },
      badDate: { ...in5s, not_before: 'soon' },
      badCount: { ...in5s, failures: -1 },
      noReason: { not_before: in5s.not_before, failures: 2 },
      suspects: { ...in5s, suspects: { a: { not_before: in5s.not_before, failures: 1 }, b: 7, c: { failures: 1 } } },
    })
    expect(parseBackoff(text)).toEqual({
      good: in5s,
      resting: { not_before: null, failures: 0, reason: 'answered', careful: true },
      noReason: { not_before: in5s.not_before, failures: 2, reason: '' },
      suspects: { ...in5s, suspects: { a: { not_before: in5s.not_before, failures: 1 } } },
    })
  })

  it('does not let the file reach a prototype', () => {
    const parsed = parseBackoff(`{"__proto__":${JSON.stringify(in5s)}}`)
    expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype)
    expect(Object.keys(parsed)).toEqual(['__proto__'])
  })

  it('never throws, and reads back what encodeBackoff() wrote', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseBackoff(text)))
    fc.assert(fc.property(fc.json(), (text) => void parseBackoff(text)))
    const backoff = { 'h k': afterLoneFailure(afterFailure(null, failure, at(0)), 'u', true, at(0)) }
    expect(parseBackoff(encodeBackoff(backoff))).toEqual(backoff)
  })
})

describe('isWaiting()', () => {
  it.each([
    [undefined, false],
    [null, false],
    [{ not_before: null }, false],
    [{ not_before: new Date(nowMs).toISOString() }, false],
    [{ not_before: new Date(nowMs - 1).toISOString() }, false],
    [{ not_before: new Date(nowMs + 1).toISOString() }, true],
    [{ not_before: new Date(nowMs + 24 * HOUR).toISOString() }, true],
    [{ not_before: new Date(nowMs + 24 * HOUR + 1).toISOString() }, false],
    [{ not_before: 'garbage' }, false],
  ])('of %j is %s', (entry, expected) => {
    expect(isWaiting(entry, nowMs)).toBe(expected)
  })
})

describe('afterFailure()', () => {
  it.each([
    [0, 3_750, 5_000, 6_250],
    [1, 7_500, 10_000, 12_500],
    [3, 30_000, 40_000, 50_000],
    [11, 7_680_000, 10_240_000, 12_800_000],
    [13, 6 * HOUR, 6 * HOUR, 6 * HOUR],
    [4_000, 6 * HOUR, 6 * HOUR, 6 * HOUR],
  ])('after %i failures waits 5 s · 2^n ± 25 %%, at most 6 h', (failures, least, mean, most) => {
    const entry = { not_before: null, failures, reason: '' }
    expect(aheadMs(afterFailure(entry, failure, at(0)))).toBe(least)
    expect(aheadMs(afterFailure(entry, failure, at(0.5)))).toBe(mean)
    expect(aheadMs(afterFailure(entry, failure, at(1)))).toBe(most)
    expect(afterFailure(entry, failure, at(0)).failures).toBe(failures + 1)
  })

  it('takes Retry-After for a floor, also above 6 h, and never for a ceiling', () => {
    expect(aheadMs(afterFailure(null, { reason: '', retryAfterMs: 60_000 }, at(0.5)))).toBe(60_000)
    expect(aheadMs(afterFailure(null, { reason: '', retryAfterMs: 20 * HOUR }, at(0.5)))).toBe(20 * HOUR)
    expect(aheadMs(afterFailure(null, { reason: '', retryAfterMs: 0 }, at(0.5)))).toBe(5_000)
  })

  it('is always a wait that isWaiting() honours', () => {
    fc.assert(
      fc.property(
        fc.nat(100),
        fc.option(fc.nat(24 * HOUR)),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (failures, retryAfterMs, random) => {
          const entry = afterFailure(
            { not_before: null, failures, reason: '' },
            { reason: '', retryAfterMs },
            at(random),
          )
          expect(isWaiting(entry, nowMs)).toBe(true)
        },
      ),
    )
  })
})

describe('beforeFirstRequest()', () => {
  it('writes the failure that any death would be', () => {
    expect(beforeFirstRequest(null, at(0.5))).toEqual({
      not_before: new Date(nowMs + 5_000).toISOString(),
      failures: 1,
      reason: 'unfinished',
    })
  })
})

describe('afterPause()', () => {
  it('rests for hours and is no failure in a row', () => {
    const entry = afterPause(in5s, { reason: 'http 401', retryAfterMs: null }, at(0))
    expect(aheadMs(entry)).toBe(REPORTER_LIMITS.pauseMs)
    expect(entry.failures).toBe(1)
    expect(isWaiting(entry, nowMs)).toBe(true)
  })
})

describe('afterAccepted()', () => {
  it('forgets everything but suspects and the need for care', () => {
    expect(afterAccepted(in5s, false)).toBeNull()
    expect(afterAccepted(null, true)).toEqual({ not_before: null, failures: 0, reason: 'answered', careful: true })
    const suspects = { u: { not_before: in5s.not_before as string, failures: 2 } }
    const entry = afterAccepted({ ...in5s, careful: true, suspects }, false)
    expect(entry).toEqual({ not_before: null, failures: 0, reason: 'answered', suspects })
    expect(isWaiting(entry, nowMs)).toBe(false)
  })
})

describe('afterLoneFailure()', () => {
  it('counts only beside an accepted event, and never touches the destination', () => {
    const first = afterLoneFailure(in5s, 'u', true, at(0.5))
    expect(first).toEqual({ ...in5s, suspects: { u: { not_before: in5s.not_before, failures: 1 } } })
    const second = afterLoneFailure(first, 'u', true, at(0.5))
    expect(aheadMs(second.suspects?.u)).toBe(10_000)
    const third = afterLoneFailure(second, 'u', false, at(0.5))
    expect(third.suspects?.u?.failures).toBe(2)
    expect(aheadMs(third.suspects?.u)).toBe(20_000)
  })
})

describe('withoutSuspects()', () => {
  it('leaves nothing behind when there was nothing else', () => {
    const entry = afterLoneFailure(null, 'u', true, at(0))
    expect(withoutSuspects(entry, () => true)).toBeNull()
    expect(withoutSuspects(entry, () => false)).toBe(entry)
    expect(withoutSuspects({ ...in5s, suspects: entry.suspects ?? {} }, () => true)).toEqual(in5s)
  })
})
