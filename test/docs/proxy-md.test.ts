import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../support/packed-package.ts'
import { table } from './markdown.ts'

/** Of the plan: 23 rows that the model has, and ours. */
const ROWS = [
  ...Array.from({ length: 23 }, (_, at) => `P${at + 1}`),
  ...Array.from({ length: 19 }, (_, at) => `${at + 24}`),
]

/** `serveCdpSession() P8, P9: …` and `28: …`: the rows that a test's name begins with. */
const NAME = /['"`](?:\w+\(\) )?((?:P?\d{1,2}, )*P?\d{1,2}): /g

/** `P8 cdp-session.test.ts`, for each row that a test of that file names. */
function tested(): ReadonlySet<string> {
  const files = ['test/proxy', 'test/cli'].flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith('.test.ts') && (folder === 'test/proxy' || name.startsWith('proxy')))
      .map((name) => ({ name, text: readFileSync(join(ROOT, folder, name), 'utf8') })),
  )
  return new Set(
    files.flatMap(({ name, text }) =>
      [...text.matchAll(NAME)].flatMap(([, rows = '']) => rows.split(', ').map((row) => `${row} ${name}`)),
    ),
  )
}

test('docs/proxy.md has every row, and each file that it names has a test of that number', () => {
  const rows = table('docs/proxy.md', 'row', 'when', 'then', 'tested in')
  expect(rows.map(([row]) => row)).toEqual(ROWS)
  const said = rows.flatMap(([row, , , files = '']) => files.split(', ').map((file) => `${row} ${file}`))
  const there = tested()
  expect(said.filter((each) => !there.has(each))).toEqual([])
})
