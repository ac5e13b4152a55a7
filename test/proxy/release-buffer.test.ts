import { expect, test } from 'vitest'
import { releaseBuffer } from '../../src/proxy/release-buffer.ts'

test('releaseBuffer() empties a large chunk that is a whole buffer, and frees its memory before any collection', () => {
  const before = process.memoryUsage().arrayBuffers
  const chunk = Buffer.allocUnsafeSlow(64 * 2 ** 20)
  expect(process.memoryUsage().arrayBuffers - before).toBeGreaterThan(60 * 2 ** 20)
  releaseBuffer(chunk)
  expect(chunk).toHaveLength(0)
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * 2 ** 20)
  releaseBuffer(chunk)
})

test.each([
  ['a small one', Buffer.alloc(32 * 1024 - 1, 'x')],
  ['a part of a larger one', Buffer.alloc(200_000, 'x').subarray(0, 100_000)],
])('releaseBuffer() leaves %s as it is', (_, chunk) => {
  const { length } = chunk
  releaseBuffer(chunk)
  expect(chunk).toHaveLength(length)
  expect(chunk.every((byte) => byte === 120)).toBe(true)
})
