import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { DECOMPRESSED_BYTES_MAX, decodePayload, fieldBytes } from '../../src/collector/decode-payload.ts'

// Long enough for base64 to hold all of its alphabet, '+' and '/' included.
const value = { event: 'a>>>b???', text: 'ÿþýüûúùø÷öõô≥≤∞' }
const text = JSON.stringify(value)
const base64 = Buffer.from(text).toString('base64')

describe('decodePayload()', () => {
  test.each<[string, Buffer]>([
    ['JSON', Buffer.from(text)],
    ['JSON after white space', Buffer.from(`\n  ${text}\n`)],
    ['gzip', gzipSync(text)],
    ['base64', Buffer.from(base64)],
    ['base64 and a newline', Buffer.from(`${base64}\n`)],
    ['base64 of gzip', Buffer.from(gzipSync(text).toString('base64'))],
    ['form with base64, escaped', Buffer.from(`data=${encodeURIComponent(base64)}`)],
    ['form with base64, plus signs unescaped', Buffer.from(`ver=1.2&data=${base64}&compression=base64`)],
    ['form with base64 of gzip', Buffer.from(`data=${encodeURIComponent(gzipSync(text).toString('base64'))}`)],
    ['form with JSON', Buffer.from(`data=${encodeURIComponent(text)}`)],
    ['query data, base64 with spaces for plus', fieldBytes(base64.replaceAll('+', ' '))],
    ['query data, JSON', fieldBytes(text)],
  ])('understands %s', (_, bytes) => {
    expect(decodePayload(bytes)).toEqual({ kind: 'json', value })
  })

  test('leaves the spaces of JSON in a query alone', () => {
    expect(decodePayload(fieldBytes('{"event":"two words"}'))).toEqual({ kind: 'json', value: { event: 'two words' } })
  })

  test('understands 15 MiB of base64 (a pattern by fours overflows the stack)', () => {
    const long = Buffer.from(JSON.stringify('x'.repeat(11 * 1024 * 1024))).toString('base64')
    expect(decodePayload(Buffer.from(long)).kind).toBe('json')
  })

  test.each<[string, Buffer, number, RegExp]>([
    ['nothing', Buffer.alloc(0), 400, /empty payload/],
    ['half a JSON', Buffer.from(text.slice(0, -3)), 400, /failed to parse request/],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 400, /invalid body encoding/],
    ['a torn gzip', gzipSync(text).subarray(0, 20), 400, /invalid gzip data/],
    ['a gzip header only', Buffer.from([0x1f, 0x8b, 0x08]), 400, /invalid gzip data/],
    ['a bomb', gzipSync(Buffer.alloc(DECOMPRESSED_BYTES_MAX + 1)), 413, /maximum event size exceeded/],
    ['a form without its field', Buffer.from('data='), 400, /parse/],
  ])('refuses %s', (_, bytes, status, reason) => {
    expect(decodePayload(bytes)).toEqual({ kind: 'refused', status, reason: expect.stringMatching(reason) as string })
  })
})
