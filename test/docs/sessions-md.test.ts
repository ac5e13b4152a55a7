import { expect, test } from 'vitest'
import { DRAIN_WINDOWS } from '../../src/session/drain-windows.ts'
import { table } from './markdown.ts'

test('docs/sessions.md has the windows that a session waits', () => {
  const windows = table('docs/sessions.md', 'window', 'ms').map(([name, ms]) => [name?.replaceAll('`', ''), Number(ms)])
  expect(windows).toEqual(Object.entries(DRAIN_WINDOWS))
})
