import { expect, test, vi } from 'vitest'
import type * as uuid7Module from '../../src/events/uuid7.ts'

const SHAPE = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const NOW = 1_763_640_000_123

/** A process of its own: the counter is the module's. */
async function freshModule(): Promise<typeof uuid7Module> {
  vi.resetModules()
  return await import('../../src/events/uuid7.ts')
}

test('uuid7() is sorted and unique over 100,000 in one millisecond', async () => {
  const { uuid7 } = await freshModule()
  const made = Array.from({ length: 100_000 }, () => uuid7(NOW))
  expect(made.every((uuid) => SHAPE.test(uuid))).toBe(true)
  expect(new Set(made).size).toBe(made.length)
  expect(made.every((uuid, i) => i === 0 || uuid > (made[i - 1] ?? ''))).toBe(true)
})

test('uuid7() says the millisecond it was made in', async () => {
  const { uuid7 } = await freshModule()
  expect(Number.parseInt(uuid7(NOW).replace('-', '').slice(0, 12), 16)).toBe(NOW)
})

test('uuid7() goes on upwards when the clock goes back', async () => {
  const { uuid7 } = await freshModule()
  const before = uuid7(NOW)
  const after = uuid7(NOW - 3_600_000)
  expect(after > before).toBe(true)
})

test.each([Number.NaN, -1, Number.POSITIVE_INFINITY, 2 ** 60, 0.5])(
  'uuid7() keeps its shape for a clock of %s',
  async (now) => {
    const { uuid7 } = await freshModule()
    expect(uuid7(now)).toMatch(SHAPE)
  },
)

test('uuid7() of two processes in one millisecond differ', async () => {
  const first = (await freshModule()).uuid7(NOW)
  const second = (await freshModule()).uuid7(NOW)
  expect(first).not.toBe(second)
})

test('randomBits() are the last six', async () => {
  const { randomBits } = await freshModule()
  expect(randomBits('0198c4d2-0000-7000-8000-0000000000ff')).toBe(63)
  expect(randomBits('0198c4d2-0000-7000-8000-000000000040')).toBe(0)
})

test('randomBits() are spread evenly over uuids', async () => {
  const { uuid7, randomBits } = await freshModule()
  const counts = Array.from({ length: 64 }, () => 0)
  for (let i = 0; i < 64_000; i++) {
    const bits = randomBits(uuid7(NOW + i))
    counts[bits] = (counts[bits] ?? 0) + 1
  }
  // 1,000 each; ten standard deviations on either side.
  expect(Math.min(...counts)).toBeGreaterThan(680)
  expect(Math.max(...counts)).toBeLessThan(1320)
})
