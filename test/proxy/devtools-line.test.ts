import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LineCutter, parseDevToolsLine } from '../../src/proxy/devtools-line.ts'

const ID = '/devtools/browser/0b3f0d4e-6f0a-4a35-8e0b-000000000001'

test.each([
  [`DevTools listening on ws://127.0.0.1:9222${ID}`, { host: '127.0.0.1', port: 9222, path: ID }],
  [`DevTools listening on ws://[::1]:9222${ID}`, { host: '::1', port: 9222, path: ID }],
  [`DevTools listening on ws://127.0.0.1:9222${ID}\r`, { host: '127.0.0.1', port: 9222, path: ID }],
])('parseDevToolsLine() reads %s', (line, hint) => {
  expect(parseDevToolsLine(line)).toEqual(hint)
})

test.each([
  ['an indented line', ` DevTools listening on ws://127.0.0.1:9222${ID}`],
  ['a line that quotes it', `[1:2:INFO:CONSOLE(1)] "DevTools listening on ws://127.0.0.1:9222${ID}"`],
  ['an address of another machine', `DevTools listening on ws://10.0.0.7:9222${ID}`],
  ['a name', `DevTools listening on ws://localhost.evil.example:9222${ID}`],
  ['credentials before the address', `DevTools listening on ws://127.0.0.1:9222@evil.example${ID}`],
  ['another path', 'DevTools listening on ws://127.0.0.1:9222/json/version'],
  ['a port that is none', `DevTools listening on ws://127.0.0.1:99999${ID}`],
  ['more on the line', `DevTools listening on ws://127.0.0.1:9222${ID} and more`],
])('parseDevToolsLine() refuses %s', (_, line) => {
  expect(parseDevToolsLine(line)).toBeNull()
})

test('LineCutter.cut() gives the same lines however the bytes arrive', () => {
  const line = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 40 }),
    fc.constantFrom('x'.repeat(5000), 'y'.repeat(4096)),
  )
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.nat(9000)), (texts, cuts) => {
      const lines = texts.map((text) => text.replaceAll('\n', ' '))
      const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''))
      const cutter = new LineCutter()
      const seen: string[] = []
      let from = 0
      for (const at of [...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]) {
        seen.push(...cutter.cut(bytes.subarray(from, at)))
        from = at
      }
      expect(seen).toEqual(lines.filter((text) => Buffer.byteLength(text) <= 4096))
    }),
  )
})

test('LineCutter.reset() forgets the line that another file began', () => {
  const cutter = new LineCutter()
  expect(cutter.cut(Buffer.from('half'))).toEqual([])
  cutter.reset()
  expect(cutter.cut(Buffer.from('whole\n'))).toEqual(['whole'])
})
