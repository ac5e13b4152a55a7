import { describe, expect, it } from 'vitest'
import { surelyBetween } from './measure.mjs'

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index + 1)

describe('surelyBetween()', () => {
  // Ranks of the 95 % interval of a median, as statistical tables have them.
  it.each([
    [6, [1, 6]],
    [8, [1, 8]],
    [9, [2, 8]],
    [10, [2, 9]],
    [12, [3, 10]],
    [20, [6, 15]],
    [25, [8, 18]],
    [40, [14, 27]],
    [100, [40, 61]],
  ])('of %d values it is %j', (count, ranks) => {
    expect(surelyBetween([...upTo(count)].reverse())).toEqual(ranks)
  })

  it('five values are sure of nothing', () => {
    expect(surelyBetween(upTo(5))).toBeNull()
    expect(surelyBetween([])).toBeNull()
  })
})
