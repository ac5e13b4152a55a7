import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { draw, exponent, inWords, type Point } from './curve.mjs'

const SIZES = [1, 3, 10, 30, 100, 300, 1000]
const AXES = { title: 'drain', x: 'files', y: 'ms' }
const powerLaw = (factor: number, power: number): Point[] => SIZES.map((size) => [size, factor * size ** power])

describe('exponent()', () => {
  it('finds the power of a power law', () => {
    const factor = fc.double({ min: 1e-6, max: 1e6, noNaN: true })
    const power = fc.double({ min: -3, max: 3, noNaN: true })
    fc.assert(
      fc.property(factor, power, (c, k) => {
        const slope = exponent(powerLaw(c, k))
        expect(slope.exponent).toBeCloseTo(k, 6)
        expect(slope.error).toBeCloseTo(0, 6)
        if (Math.abs(k) > 0.01) expect(slope.r2).toBeCloseTo(1, 6)
      }),
    )
  })

  it('is near 0, and unsure of its line, for noise about a constant', () => {
    const noise = [0.98, 1.02, 1.01, 0.97, 1.03, 1, 0.99]
    const slope = exponent(SIZES.map((size, index) => [size, 50 * (noise[index] ?? 1)]))
    expect(Math.abs(slope.exponent)).toBeLessThan(0.01)
    expect(slope.r2).toBeLessThan(0.3)
  })

  it('is a known slope for known points', () => {
    // logs to base 10: (0, 0), (1, 0), (2, 1): slope 1/2, r² 3/4, error √(1/12)
    const {
      exponent: slope,
      error,
      r2,
    } = exponent([
      [1, 1],
      [10, 1],
      [100, 10],
    ])
    expect([slope, r2, error]).toEqual([expect.closeTo(0.5), expect.closeTo(0.75), expect.closeTo(Math.sqrt(1 / 12))])
  })

  it('leaves out what has no logarithm, and has nothing to say of one size', () => {
    expect(
      exponent([
        [0, 1],
        [1, 0],
        [1, Number.NaN],
        [1, 2],
        [100, 200],
      ]).exponent,
    ).toBeCloseTo(1)
    expect(
      exponent([
        [1, 5],
        [1, 6],
      ]).exponent,
    ).toBeNaN()
    expect(exponent([]).exponent).toBeNaN()
  })
})

describe('inWords()', () => {
  it('never says minus nothing', () => {
    expect(inWords({ exponent: -0.001, error: 0.01, r2: 0 })).toBe('0.00 ± 0.01, r² 0.00')
    expect(inWords({ exponent: -0.5, error: Number.NaN, r2: 1 })).toBe('-0.50')
  })
})

describe('draw()', () => {
  it('draws a line through both logarithms', () => {
    expect(draw(powerLaw(0.01, 1), AXES).split('\n')).toEqual([
      'drain',
      'ms, by files: cost ~ size ^ 1.00 ± 0.00, r² 1.00',
      '',
      '     10 ┤                                                            ●',
      '        │',
      '        │                                                  ●',
      '        │',
      '      1 ┤                                        ●',
      '        │',
      '        │                              ●',
      '        │',
      '    0.1 ┤                    ●',
      '        │',
      '        │          ●',
      '        │',
      '   0.01 ┤●',
      '        └┬───────────────────┬───────────────────┬───────────────────┬',
      '         1                  10                  100                 1k',
    ])
  })

  it('does not draw noise as growth', () => {
    const rows = draw(
      SIZES.map((size) => [size, 50 + (size % 7)]),
      AXES,
    ).split('\n')
    expect(rows.filter((row) => row.includes('●'))).toHaveLength(1)
  })

  it('stays below 80 columns, a dot for a point', () => {
    const positive = fc.double({ min: 1e-9, max: 1e12, noNaN: true })
    fc.assert(
      fc.property(fc.array(fc.tuple(positive, positive), { minLength: 1, maxLength: 20 }), (points) => {
        const picture = draw(points, AXES)
        const dots = picture.split('●').length - 1
        expect(dots).toBeGreaterThan(0)
        expect(dots).toBeLessThanOrEqual(points.length)
        for (const line of picture.split('\n').slice(1)) expect([...line].length).toBeLessThan(80)
      }),
    )
  })

  it('says that there is nothing', () => {
    expect(draw([], AXES)).toBe('drain\nnothing to draw')
  })
})
