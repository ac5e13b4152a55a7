import { describe, expect, it } from 'vitest'
import { type DeliveryFacts, decideDeliveryMode } from '../../src/reporter/delivery-mode.ts'

type Row = readonly [DeliveryFacts['wanted'], canSpawn: boolean, reaped: boolean, sinceInlineMs: number | null, string]

const TABLE: readonly Row[] = [
  ['detached', true, true, null, 'detached'],
  ['detached', true, true, 1_000, 'detached'],
  ['detached', true, true, 60_000, 'detached'],
  ['detached', true, false, null, 'inline'],
  ['detached', true, false, 0, 'spool-only'],
  ['detached', true, false, 59_999, 'spool-only'],
  ['detached', true, false, 60_000, 'inline'],
  ['inline', true, true, null, 'inline'],
  ['inline', true, true, 1_000, 'inline'],
  ['inline', true, false, null, 'inline'],
  // The host asked for it in CI: it is not held to once a minute.
  ['inline', true, false, 1_000, 'inline'],
  ['inline', true, false, 60_000, 'inline'],
  ...(['detached', 'inline'] as const).flatMap((wanted) =>
    [true, false].flatMap((reaped) =>
      [null, 1_000, 60_000].map((since): Row => [wanted, false, reaped, since, 'spool-only']),
    ),
  ),
]

describe('decideDeliveryMode()', () => {
  it.each(TABLE)('wanted %s, can spawn %s, reaped %s, inline %s ms ago: %s', (...row) => {
    const [wanted, canSpawn, reaped, sinceInlineMs, mode] = row
    expect(decideDeliveryMode({ wanted, canSpawn, reaped, sinceInlineMs })).toBe(mode)
  })
})
