/** Every relative link of our pages leads somewhere, headings included. */
import fs from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../support/packed-package.ts'
import { pages, readPage } from './markdown.ts'

test.each(pages())('links of %s', (page) => {
  const links = [...withoutCode(readPage(page)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? '')
  expect(links.filter((target) => !/^https?:/.test(target) && !isThere(page, target))).toEqual([])
})

test('the list of decisions has each of them', () => {
  const there = fs.readdirSync(join(ROOT, 'docs/decisions')).filter((name) => /^\d{4}-/.test(name))
  const listed = [...readPage('docs/decisions/README.md').matchAll(/\]\((\d{4}-[^)]+)\)/g)].map(([, name]) => name)
  expect(listed).toEqual(there.sort())
})

test.each(pages().filter((page) => /decisions\/\d/.test(page)))(
  '%s has a situation, a choice, and what was not chosen',
  (page) => {
    const text = readPage(page)
    expect(text).toMatch(new RegExp(`^# ${/\d{4}/.exec(page)?.[0]} `))
    for (const part of ['**Situation.**', '**Choice.**', '**Not chosen.**']) expect(text).toContain(part)
  },
)

function isThere(page: string, target: string): boolean {
  const [path = '', heading] = target.split('#')
  const file = path === '' ? page : join(dirname(page), path)
  if (!fs.existsSync(join(ROOT, file))) return false
  return heading === undefined || headings(file).includes(heading)
}

function headings(page: string): readonly string[] {
  return [...readPage(page).matchAll(/^#+ (.+)$/gm)].map(([, text]) =>
    (text ?? '')
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .replace(/\s/g, '-'),
  )
}

function withoutCode(text: string): string {
  return text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '')
}
