import { describe, expect, test } from 'vitest'
import { backOffInWords } from '../../src/cli/back-off-words.ts'
import { inColumns, inPairs, printable, shortId, wrapped } from '../../src/cli/columns.ts'
import { clockTime, clockTimeAgo, counted, durationInWords } from '../../src/cli/in-words.ts'
import { usageInWords } from '../../src/cli/main.ts'
import { showProgress } from '../../src/cli/progress.ts'
import { PLAIN, type Screen } from '../../src/cli/screen.ts'

const NOW: number = new Date(2026, 10, 20, 14, 3, 22).getTime()
const at = (ms: number): string => new Date(NOW + ms).toISOString()

test.each([
  [-1, '0 seconds'],
  [999, '0 seconds'],
  [1000, '1 second'],
  [119_999, '1 minute'],
  [2 * 3_600_000, '2 hours'],
  [30 * 86_400_000, '30 days'],
])('durationInWords(%d) is %s', (ms, words) => {
  expect(durationInWords(ms)).toBe(words)
})

test('counted() knows one from many', () => {
  expect([0, 1, 2].map((count) => counted(count, 'event'))).toEqual(['0 events', '1 event', '2 events'])
})

test('clockTime() names the day when it is another', () => {
  expect(clockTime(at(-60_000), NOW)).toBe('14:02:22')
  expect(clockTime(at(-86_400_000), NOW)).toBe('2026-11-19 14:03:22')
  expect(clockTime('nonsense', NOW)).toBe('nonsense')
  expect(clockTimeAgo(at(-180_000), NOW)).toBe('14:00:22 (3 minutes ago)')
  expect(clockTimeAgo(at(0), NOW)).toBe('14:03:22 (now)')
})

test.each([
  [{ not_before: at(60_000), failures: 2, reason: 'http 503' }, 'waits until 14:04:22 after 2 failures (http 503)'],
  [{ not_before: at(60_000), failures: 0, reason: 'http 401' }, 'waits until 14:04:22 (http 401)'],
  [
    { not_before: at(-1), failures: 1, reason: 'unfinished' },
    'is tried again by the next command after 1 failure (no answer so far)',
  ],
  [
    { not_before: at(25 * 3_600_000), failures: 1, reason: '' },
    'is tried again by the next command after 1 failure (unknown)',
  ],
  [{ not_before: null, failures: 0, reason: 'answered' }, null],
  [
    { not_before: null, failures: 0, reason: 'answered', suspects: { a: { not_before: at(1), failures: 1 } } },
    '1 event tried alone, each at its own time',
  ],
])('backOffInWords(%j) is %s', (entry, words) => {
  expect(backOffInWords(entry, NOW)).toBe(words)
})

describe('columns', () => {
  test('inColumns() aligns by characters, paints after it aligned, and leaves no space at the end', () => {
    const rows = [['a', ['red', 'bb'], ''] as const, ['ccc', 'é', 'd'] as const]
    expect(inColumns(rows, (style, text) => `<${style} ${text}>`)).toBe('a    <red bb>\nccc  é   d\n')
  })

  test('inPairs() goes on below', () => {
    expect(
      inPairs(
        [
          ['a', '1', '2'],
          ['bb', '3'],
        ],
        PLAIN,
      ),
    ).toBe('a   1\n    2\nbb  3\n')
  })

  test('printable() takes what a terminal would obey', () => {
    expect(printable('a\u{1b}[2J\n\u{9b}b\u{202e}')).toBe('a\u{fffd}[2J\u{fffd}\u{fffd}b\u{fffd}')
  })

  test('shortId() shortens what is random, and what is long', () => {
    expect(shortId('8e2a7317-d1c8-4d3f-957a-8012c1f0c9d3')).toBe('8e2a7317')
    expect(shortId('user-alice')).toBe('user-alice')
    expect(shortId('a'.repeat(200))).toBe(`${'a'.repeat(15)}…`)
  })

  test('wrapped() breaks between words and indents what follows', () => {
    expect(wrapped('one two three', 9, 2)).toBe('one two\n  three')
    expect(wrapped('unbreakable', 4)).toBe('unbreakable')
  })
})

test.each([
  ['Unknown argument: x', ['status', '--x'], "Unknown argument: x\n'afterword status --help' shows its options."],
  ['Unknown argument: x', ['x'], "there is no command 'x'\n'afterword --help' names the commands."],
  [
    'Did you mean log?',
    ['lgo'],
    "there is no command 'lgo'. Did you mean log?\n'afterword --help' names the commands.",
  ],
])('usageInWords(%s) for %j', (message, words, text) => {
  expect(usageInWords(message, words)).toBe(text)
})

describe('showProgress()', () => {
  function screen(isTty: boolean): Screen & { text: () => string } {
    let text = ''
    const write = (more: string): void => {
      text += more
    }
    return { write, isTty, columns: 10, paint: PLAIN, text: () => text }
  }

  test('writes one line over on a terminal, never longer than it is wide', () => {
    const terminal = screen(true)
    const progress = showProgress(terminal)
    progress.say('0123456789')
    progress.count('a', 1, 3)
    progress.end()
    expect(terminal.text()).toBe('\r\u{1b}[K012345678\r\u{1b}[Ka 1/3\r\u{1b}[K')
  })

  test('writes a line for each change elsewhere', () => {
    const file = screen(false)
    const progress = showProgress(file)
    for (const done of [1, 2, 3]) progress.count('counting', done, 3)
    progress.say('a')
    progress.say('a')
    progress.end()
    expect(file.text()).toBe('counting\na\n')
  })
})
