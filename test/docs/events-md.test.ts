import fs from 'node:fs'
import { expect, test } from 'vitest'
import { CATALOGUE } from '../../src/events/catalogue.ts'
import { EVENT_DOCS } from '../../src/events/catalogue-docs.ts'
import { eventsMarkdown } from './events-markdown.ts'

const FILE = new URL('../../docs/events.md', import.meta.url)

test('docs/events.md equals the catalogue', () => {
  if (process.env['UPDATE_DOCS'] === '1') fs.writeFileSync(FILE, eventsMarkdown())
  expect(
    fs.readFileSync(FILE, 'utf8'),
    'docs/events.md is not what the catalogue says: UPDATE_DOCS=1 npx vitest run test/docs/events-md.test.ts',
  ).toBe(eventsMarkdown())
})

test.each(Object.entries(CATALOGUE))('EVENT_DOCS says when an optional property of %s is present', (event, table) => {
  const docs = EVENT_DOCS[event as keyof typeof CATALOGUE].properties as Record<string, { present: string }>
  expect(Object.keys(docs).sort()).toEqual(Object.keys(table).sort())
  for (const [name, shape] of Object.entries(table)) {
    expect([name, docs[name]?.present !== 'always']).toEqual([name, shape.endsWith('?')])
  }
})
