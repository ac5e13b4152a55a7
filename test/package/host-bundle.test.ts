/** `import 'afterword'` is one small file that loads nothing: it is paid for by every run of every host. What records is paid for by every command. */
import fs from 'node:fs'
import { SourceMap, type SourceMapPayload } from 'node:module'
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

/** A word of one place in the sources, that nothing rewrites. */
const WORDS = { 'index.js': 'XDG_RUNTIME_DIR', 'tracker/recording.cjs': 'uncaughtExceptionMonitor' }

test.each(Object.entries(WORDS))('dist/%s names no source map; the one beside it leads to the source', (name, word) => {
  const code = textOf(name)
  expect(code).not.toContain('sourceMappingURL')
  const before = code.slice(0, code.indexOf(word)).split('\n')
  const map = JSON.parse(textOf(`${name}.map`)) as SourceMapPayload
  const found = new SourceMap(map).findEntry(before.length - 1, before.at(-1)?.length ?? 0)
  if (!('originalSource' in found)) throw new Error(`the map of dist/${name} knows nothing of ${word}`)
  const source = map.sourcesContent[map.sources.indexOf(found.originalSource)] ?? ''
  expect(source.split('\n')[found.originalLine]).toContain(word)
})

function importedBy(code: string): readonly string[] {
  return ts.preProcessFile(code, true, true).importedFiles.map(({ fileName }) => fileName)
}
