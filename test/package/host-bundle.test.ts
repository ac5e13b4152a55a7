/** `import 'afterword'` is one small file that loads nothing: it is paid for by every run of every host. What records is paid for by every command. */
import fs from 'node:fs'
import ts from 'typescript'
import { expect, test } from 'vitest'

/**
 * Bytes. The aim is 25 kB for what is imported: a kilobyte costs a host 9 µs (ES module) to 16 µs (CommonJS) on every start. Never
 * raise these without saying why in the commit.
 */
const BYTES_MAX = { 'index.js': 11_000, 'tracker/recording.cjs': 18_500 }

const textOf = (name: string): string => fs.readFileSync(new URL(`../../dist/${name}`, import.meta.url), 'utf8')
const text = textOf('index.js')

test.each(Object.entries(BYTES_MAX))('dist/%s has at most %i bytes', (name, max) => {
  const bytes = Buffer.byteLength(textOf(name))
  console.log(`dist/${name}: ${bytes} bytes of ${max}`)
  expect(bytes).toBeLessThanOrEqual(max)
})

test('dist/index.js imports nothing, statically or dynamically', () => {
  expect(importedBy(text)).toEqual([])
})

test('importedBy() sees what it is to see', () => {
  const sample = "import fs from 'node:fs'\nexport * from './a.js'\nawait import('uuid')"
  expect(importedBy(sample)).toEqual(['node:fs', './a.js', 'uuid'])
})

test('dist/index.js has no top-level await, which require() could not load', () => {
  const source = ts.createSourceFile('index.js', text, ts.ScriptTarget.ESNext, true)
  const awaits: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node)) return
    if (ts.isAwaitExpression(node)) awaits.push(node.getText())
    ts.forEachChild(node, visit)
  }
  visit(source)
  expect(awaits).toEqual([])
})

function importedBy(code: string): readonly string[] {
  return ts.preProcessFile(code, true, true).importedFiles.map(({ fileName }) => fileName)
}
