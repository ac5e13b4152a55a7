import { expect, test } from 'vitest'
import { SPOOL_BOUNDS } from '../../src/spool/spool-bounds.ts'
import { spoolLayout } from '../../src/spool/spool-layout.ts'
import { table, written } from './markdown.ts'

test('docs/spool.md lists every name of spoolLayout(), and no other', () => {
  const { directory, ...paths } = spoolLayout('~/.acme')
  const names = Object.values(paths).map((path) => path.slice(directory.length + 1))
  expect(table('docs/spool.md', 'path', 'is').map(([path]) => path)).toEqual(expect.arrayContaining(names))
  expect(table('docs/spool.md', 'path', 'is')).toHaveLength(names.length)
})

test('docs/spool.md has the bounds of SPOOL_BOUNDS', () => {
  const rows = table('docs/spool.md', 'bound', 'value').map(([name, value]) => [name, value])
  expect(rows).toEqual(Object.entries(SPOOL_BOUNDS).map(([name, value]) => [name, written(name, value)]))
})
