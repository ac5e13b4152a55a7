import { expect, test } from 'vitest'
import { curve, marks } from '../../src/cli/session-curve.ts'

test.each<readonly [string, readonly (number | null)[], number, string]>([
  ['nothing', [], 10, ''],
  ['rises to its highest', [1, 2, 3, 4, 5, 6, 7, 8], 8, '▂▃▄▅▅▆▇█'],
  ['is flat where nothing moves', [5, 5, 5], 8, '███'],
  ['is low where there is nothing', [0, 0, 0], 8, '▁▁▁'],
  ['has gaps', [null, 4, null, 8, null], 8, ' ▅ █ '],
  ['keeps a peak that is one of many in a column', [0, 0, 9, 0, 0, 0, 0, 0], 2, '█▁'],
  ['skips gaps beside figures', [null, 9, null, null], 2, '█ '],
  ['has a column for each value and no more', [1, 2], 80, '▅█'],
])('curve() %s', (_, values, width, wanted) => {
  expect(curve(values, width)).toBe(wanted)
})

test.each<readonly [string, readonly number[], number, number, string]>([
  ['nothing', [], 5, 10, ''],
  ['one under each, in any order', [3, 0], 5, 10, '^  ^'],
  ['squeezed like the curve', [0, 99], 100, 10, '^        ^'],
  ['two in one column are one', [50, 51, 52], 100, 10, '     ^'],
])('marks() %s', (_, indices, count, width, wanted) => {
  expect(marks(indices, count, width)).toBe(wanted)
})

test('marks() are below the column in which curve() has the value', () => {
  for (const count of [1, 7, 79, 80, 81, 200, 1003])
    for (let at = 0; at < count; at += 1 + Math.floor(count / 50)) {
      const drawn = curve(
        Array.from({ length: count }, (_, index) => (index === at ? 1 : 0)),
        78,
      )
      expect(marks([at], count, 78).indexOf('^'), `${at} of ${count}`).toBe(drawn.indexOf('█'))
    }
})
