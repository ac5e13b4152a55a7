import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { keepOutput } from '../../src/session/kept-output.ts'
import { markerSearch } from '../../src/session/marker-search.ts'
import { openRace } from '../../src/session/race.ts'
import { NO_FACTS } from '../../src/session/termination.ts'
import { watchIdle } from '../../src/session/watch-idle.ts'

/** Whether the marker is found when the text comes in these chunks. */
function found(marker: string, chunks: readonly (Buffer | string)[]): boolean {
  const search = markerSearch(marker)
  return chunks.map((chunk) => search(Buffer.from(chunk))).includes(true)
}

describe('markerSearch()', () => {
  test.each<[string, string, readonly (Buffer | string)[], boolean]>([
    ['whole in a chunk', 'done', ['all done\n'], true],
    ['over two', 'done', ['all do', 'ne\n'], true],
    ['byte by byte', 'done', [...'xx done'], true],
    ['with empty chunks between', 'done', ['do', '', 'n', '', 'e'], true],
    ['behind a beginning that repeats', 'aab', ['aa', 'ab'], true],
    ['behind an overlapping beginning over three', 'abab!', ['aba', 'bab', '!'], true],
    ['not where only its bytes are, apart', 'done', ['do', 'x', 'ne'], false],
    ['not where it is cut short', 'done', ['all don'], false],
    [
      'cut within a character',
      'fertig ✓',
      [Buffer.from('fertig ✓').subarray(0, 8), Buffer.from('fertig ✓').subarray(8)],
      true,
    ],
    ['one byte long', '!', ['?', '!'], true],
    ['among bytes that are no text', 'done', [Buffer.from([0xff, 0x00, 0xc3]), 'done'], true],
  ])('finds it %s', (_, marker, chunks, expected) => {
    expect(found(marker, chunks)).toBe(expected)
  })

  test('says what a search in the whole would, however it is cut', () => {
    const few = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 40 })
    const marker = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(marker, fc.array(few), (wanted, chunks) => {
        expect(found(wanted, chunks)).toBe(chunks.join('').includes(wanted))
      }),
    )
  })

  test('holds less than the marker of a huge output', () => {
    const search = markerSearch('0123456789')
    const chunk = Buffer.alloc(1 << 20, 'x')
    const before = process.memoryUsage().arrayBuffers
    for (let i = 0; i < 200; i += 1) expect(search(chunk)).toBe(false)
    global.gc?.()
    expect(search(Buffer.from('012345'))).toBe(false)
    expect(search(Buffer.from('6789'))).toBe(true)
    // Not the 200 MB that went through: what the collector has not taken yet.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100 * (1 << 20))
  })
})

describe('keepOutput()', () => {
  test('keeps the last bytes, however they come', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 30 })), fc.integer({ min: 1, max: 20 }), (chunks, limit) => {
        const kept = keepOutput(limit)
        const ascii = chunks.map((chunk) => Buffer.from(chunk.map((byte) => byte & 127)))
        for (const chunk of ascii) kept.add(chunk)
        const whole = Buffer.concat(ascii)
        expect(kept.text()).toBe(whole.subarray(Math.max(0, whole.length - limit)).toString())
      }),
    )
  })
})

describe('openRace()', () => {
  test('counts what was seen in the turn of the first fact, and nothing after', async () => {
    const race = openRace()
    race.saw({ wallClockFired: true })
    race.saw({ exited: true, signal: null }) // the same turn: the exit had happened
    const facts = await race.over
    race.saw({ cancelled: true })
    expect(facts).toEqual({ ...NO_FACTS, wallClockFired: true, exited: true })
    expect(await race.over).toBe(facts)
    expect(Object.isFrozen(facts)).toBe(true)
  })

  test('counts an exit that is reaped after the timer of the same turn', async () => {
    const race = openRace()
    await new Promise<void>((resolve) => {
      setTimeout(() => {
        race.saw({ wallClockFired: true })
        process.nextTick(() => race.saw({ exited: true }))
        resolve()
      }, 1)
    })
    expect(await race.over).toMatchObject({ wallClockFired: true, exited: true })
  })

  test('is not over before something was seen', async () => {
    const race = openRace()
    let over = false
    void race.over.then(() => (over = true))
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
    expect(over).toBe(false)
    race.saw({ cancelled: true })
    expect(await race.over).toEqual({ ...NO_FACTS, cancelled: true })
  })
})

describe('watchIdle()', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate'] }))
  afterEach(() => void vi.useRealTimers())

  /** A clock in milliseconds, which timers follow unless the process is stopped. */
  function idleAfter(idleMs: number) {
    let ms = 0
    let idle = 0
    const watch = watchIdle(
      idleMs,
      () => (idle += 1),
      () => BigInt(Math.round(ms * 1e6)),
    )
    return {
      ...watch,
      times: () => idle,
      pass(by: number) {
        for (let left = by; left > 0; left -= 1) {
          ms += 1
          vi.advanceTimersByTime(1)
        }
      },
      /** Stopped (Ctrl-Z, a debugger): the clock went on, and timers are due all at once. */
      stopped(by: number) {
        ms += by
      },
    }
  }

  test('says it once, when the time has passed without a touch', () => {
    const watch = idleAfter(100)
    watch.pass(99)
    expect(watch.times()).toBe(0)
    watch.pass(3)
    expect(watch.times()).toBe(1)
    watch.pass(1000)
    expect(watch.times()).toBe(1)
  })

  test('counts from the last touch', () => {
    const watch = idleAfter(100)
    for (let i = 0; i < 20; i += 1) {
      watch.pass(90)
      watch.touch()
    }
    expect(watch.times()).toBe(0)
    watch.pass(102)
    expect(watch.times()).toBe(1)
  })

  test('is silent after stop()', () => {
    const watch = idleAfter(100)
    watch.pass(50)
    watch.stop()
    watch.pass(1000)
    expect(watch.times()).toBe(0)
  })

  test('counts what was written while this process was stopped', () => {
    const watch = idleAfter(100)
    watch.pass(50)
    watch.stopped(5000)
    // Its timer is due; what waits in the pipe is read in the same turn, before the second look.
    vi.advanceTimersToNextTimer()
    watch.touch()
    watch.pass(90)
    expect(watch.times()).toBe(0)
    watch.pass(20)
    expect(watch.times()).toBe(1)
  })
})
