/** `import 'afterword'` is one small file that loads nothing: it is paid for by every run of every host. */
import fs from 'node:fs'
import ts from 'typescript'
import { expect, test } from 'vitest'

/**
 * Bytes of dist/index.js. The aim is 25 kB: a kilobyte costs a host 9 µs (ES module) to 16 µs (CommonJS) on every start. Never
 * raise this without saying why in the commit.
 */
const HOST_BUNDLE_BYTES_MAX = 25_000

const FILE = new URL('../../dist/index.js', import.meta.url)
const text = fs.readFileSync(FILE, 'utf8')

test(`dist/index.js has at most ${HOST_BUNDLE_BYTES_MAX} bytes`, () => {
  console.log(`dist/index.js: ${text.length} bytes of ${HOST_BUNDLE_BYTES_MAX}`)
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(HOST_BUNDLE_BYTES_MAX)
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
