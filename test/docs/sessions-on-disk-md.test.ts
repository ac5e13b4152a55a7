import { expect, test } from 'vitest'
import { CLAIMED_VERDICTS, RECOVERY_AGES, UNCLAIMED_VERDICTS } from '../../src/session/recovery-gates.ts'
import { SESSION_BOUNDS } from '../../src/session/retention.ts'
import * as layout from '../../src/session/session-layout.ts'
import { readPage, table, written } from './markdown.ts'

test('docs/sessions-on-disk.md has each verdict once', () => {
  const verdicts = table('docs/sessions-on-disk.md', 'verdict', 'means').map(([verdict]) => verdict)
  expect(verdicts).toEqual([...UNCLAIMED_VERDICTS, ...CLAIMED_VERDICTS])
  const page = readPage('docs/sessions-on-disk.md')
  expect(page).toContain(`younger than ${written('Ms', RECOVERY_AGES.youngMs)}`)
  expect(written('Ms', RECOVERY_AGES.quarantineMs)).toBe('24 h') // `after a day`
})

test('docs/sessions-on-disk.md has each name of a session', () => {
  const { sessionsLayout, ...files } = layout
  const { root, ...names } = sessionsLayout('')
  expect(root).toBe('')
  const said = table('docs/sessions-on-disk.md', 'path', 'is')
    .flatMap(([path = '', is = '']) => [path, is])
    .join(' ')
  for (const name of [...Object.values(names).map((path) => path.slice(1)), ...Object.values(files)])
    expect(said).toContain(name)
})

test('docs/sessions-on-disk.md has the races of docs/architecture.md that are its own', () => {
  const numbers = table('docs/sessions-on-disk.md', '#', 'the race').map(([number]) => number)
  const all = table('docs/architecture.md', '#', 'the race').map(([number]) => number ?? '')
  expect(numbers).toEqual(all.filter((number) => /^R2\d$/.test(number)))
})

test('docs/sessions-on-disk.md has the bounds of SESSION_BOUNDS', () => {
  const { sessions, bytes, ageMs } = SESSION_BOUNDS
  expect(table('docs/sessions-on-disk.md', 'bound', 'value')).toEqual([
    ['sessions', written('sessions', sessions)],
    ['bytes', written('Bytes', bytes)],
    ['ageMs', written('ageMs', ageMs)],
  ])
})
