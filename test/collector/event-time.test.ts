/** Vectors from PostHog's rust/common/types/src/timestamp.rs where they have one, and ours for the edges. */
import { describe, expect, test } from 'vitest'
import { parseTime, resolveEventTime } from '../../src/collector/event-time.ts'

const at = (iso: string): number => Date.parse(iso)
const NOW = at('2023-01-01T12:00:00Z')
const ELEVEN = '2023-01-01T11:00:00Z'

describe('resolveEventTime()', () => {
  test.each([
    ['client clock ahead', { timestamp: ELEVEN, sentAt: '2023-01-01T12:00:10Z' }, '2023-01-01T10:59:50Z'],
    ['client clock behind', { timestamp: ELEVEN, sentAt: '2023-01-01T11:59:50Z' }, '2023-01-01T11:00:10Z'],
    ['clocks agree', { timestamp: ELEVEN, sentAt: '2023-01-01T12:00:00Z' }, ELEVEN],
    ['no sent_at: as is', { timestamp: ELEVEN }, ELEVEN],
    ['no timestamp: now', { sentAt: '2023-01-01T12:00:05Z' }, '2023-01-01T12:00:00Z'],
    ['unparsable: now', { timestamp: 'yesterday or so' }, '2023-01-01T12:00:00Z'],
    ['23 h ahead: as is', { timestamp: '2023-01-02T11:00:00Z' }, '2023-01-02T11:00:00Z'],
    ['over 23 h ahead: now', { timestamp: '2023-01-02T11:00:00.001Z' }, '2023-01-01T12:00:00Z'],
    ['ahead only until corrected', { timestamp: '2023-02-01T11:00:00Z', sentAt: '2023-02-01T12:00:00Z' }, ELEVEN],
    ['offset beats timestamp', { timestamp: ELEVEN, offsetMs: 5000 }, '2023-01-01T11:59:55Z'],
    ['long ago: as is', { timestamp: '1999-12-31T23:59:59Z' }, '1999-12-31T23:59:59Z'],
    ['before the year 0: 1970', { offsetMs: 2100 * 366 * 86_400_000 }, '1970-01-01T00:00:00Z'],
  ])(
    '%s',
    (_, { timestamp, offsetMs, sentAt }: { timestamp?: string; offsetMs?: number; sentAt?: string }, expected) => {
      const clock = { timestamp, offsetMs, sentAtMs: sentAt === undefined ? undefined : at(sentAt) }
      expect(new Date(resolveEventTime(clock, NOW))).toEqual(new Date(expected))
    },
  )
})

describe('parseTime()', () => {
  test.each([
    ['2023-01-01T12:00:00.5Z', '2023-01-01T12:00:00.500Z'],
    ['2023-01-01T12:00:00.123456789+00:00', '2023-01-01T12:00:00.123Z'],
    ['2025-09-17T14:05:04.805+03', '2025-09-17T11:05:04.805Z'],
    ['2025-09-17T14:05:04-0530', '2025-09-17T19:35:04Z'],
    ['2023-01-01t12:00:00z', '2023-01-01T12:00:00Z'],
    ['2023-01-01 12:00:00', '2023-01-01T12:00:00Z'],
    ['2023-01-01T12:00:00', '2023-01-01T12:00:00Z'],
    ['2023-01-01', '2023-01-01T00:00:00Z'],
    ['Tue, 1 Jul 2003 10:52:37 +0200', '2003-07-01T08:52:37Z'],
    ['1672574400', '2023-01-01T12:00:00Z'],
    ['1672574400000', '2023-01-01T12:00:00Z'],
  ])('%s', (text, expected) => {
    expect(parseTime(text)).toBe(at(expected))
  })

  test.each(['', 'host 1', '2023-13-01', '2023-01-01T25:00:00Z', '12', 'NaN', '1 2 3'])('refuses %j', (text) => {
    expect(parseTime(text)).toBeUndefined()
  })
})
