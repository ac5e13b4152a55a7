import { beforeEach, describe, expect, it } from 'vitest'
import { createReport, type Report, type Row } from './report.mjs'

let report: Report
beforeEach(() => {
  report = createReport({ write: () => undefined }, () => undefined)
  report.heading('toll')
})

const AT_MOST_2 = { what: 'fare', budget: '≤ 2 ×', limit: 2, unit: ' ×', floor: 'the floor here: 1.9 ×' }

describe('report.row()', () => {
  const cases: readonly (readonly [string, Omit<Row, 'what'>, string])[] = [
    ['met at its limit', { figure: 2 }, '| fare | ≤ 2 × | 2 × |  |  | met |'],
    [
      'not met, with its floor',
      { figure: 2.01 },
      '| fare | ≤ 2 × | 2.01 × |  |  | **not met**; the floor here: 1.9 × |',
    ],
    [
      'its noise',
      { figure: 1, quarters: [0.9, 1.25], rounds: 20 },
      '| fare | ≤ 2 × | 1 × |  | 0.9 .. 1.25, 20 | met |',
    ],
    ['surely met', { figure: 1, sure: [0.8, 1.9] }, '| fare | ≤ 2 × | 1 × | 0.8 .. 1.9 |  | met |'],
    ['met by chance', { figure: 1, sure: [0.8, 2] }, '| fare | ≤ 2 × | 1 × | 0.8 .. 2 |  | met, within its noise |'],
    [
      'not met by chance',
      { figure: 2.1, sure: [1.9, 3], floor: '' },
      '| fare | ≤ 2 × | 2.1 × | 1.9 .. 3 |  | **not met**, within its noise |',
    ],
    ['its note', { figure: 1, note: 'of 3' }, '| fare | ≤ 2 × | 1 × (of 3) |  |  | met |'],
    ['at least', { figure: 1, atLeast: true, floor: '' }, '| fare | ≤ 2 × | 1 × |  |  | **not met** |'],
    ['no figure is not met', { figure: Number.NaN, floor: '' }, '| fare | ≤ 2 × | no figure |  |  | **not met** |'],
  ]
  it.each(cases)('%s', (_, about, line) => {
    report.row({ ...AT_MOST_2, ...about })
    expect(report.lines.at(-1)).toBe(line)
  })

  it('has no verdict without a limit, and is not counted', () => {
    report.row({ what: 'noise', figure: 1.004, unit: ' ×' })
    expect(report.lines.at(-1)).toBe('| noise |  | 1.004 × |  |  |  |')
    expect(report.counts).toEqual({ met: 0, notMet: 0, skipped: 0 })
  })

  it('is counted, and named if it was not met', () => {
    report.row({ ...AT_MOST_2, figure: 1 })
    report.row({ ...AT_MOST_2, figure: 3 })
    report.skip('socat', 'not installed')
    expect(report.counts).toEqual({ met: 1, notMet: 1, skipped: 1 })
    expect(report.missed).toEqual(['toll: fare: 3 ×, budget ≤ 2 ×'])
  })
})

it('report.endBench() shows the tables, and then the curves between fences', () => {
  report.curve([[1, 1]], { title: 'By size', x: 'files', y: 'ms' })
  report.table('Costs.', ['who', 'ms'], [['us', 1.23456]])
  report.endBench()
  const text = report.lines.join('\n')
  expect(text).toContain('\nCosts.\n\n| who | ms |\n|---|---|\n| us | 1.235 |\n')
  expect(text.indexOf('```text\nBy size\n')).toBeGreaterThan(text.indexOf('Costs.'))
  expect(text.endsWith('```')).toBe(true)
})
