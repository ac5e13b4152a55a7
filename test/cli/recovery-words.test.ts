import { expect, test } from 'vitest'
import { recoveryInWords } from '../../src/cli/recovery-words.ts'
import { PLAIN } from '../../src/cli/screen.ts'

test('recoveryInWords() has a line for each verdict that there was, in one order', () => {
  expect(recoveryInWords({ failed: 1, live: 12, recovered: 2 }, PLAIN)).toBe(
    [
      '2   recovered  tracer and workload are gone: summary written',
      '12  live       its tracer answers: left',
      '1   failed     could not be written: tried again later',
      '',
    ].join('\n'),
  )
  expect(recoveryInWords({}, PLAIN)).toBe('Nothing to recover\n')
})

test('recoveryInWords() paints what failed', () => {
  expect(recoveryInWords({ failed: 1 }, (style, text) => `<${style} ${text}>`)).toContain('<red failed>')
})
