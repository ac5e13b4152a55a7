import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeCloseFrame, encodeMaskedCloseFrame } from '../../src/proxy/close-frame.ts'
import { FrameWalker, NO_CLOSE } from '../../src/proxy/websocket.ts'
import { encode } from '../support/fake-browser.ts'

const frame = fc.record({
  opcode: fc.constantFrom(0, 1, 2, 9, 10),
  fin: fc.boolean(),
  payload: fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.constantFrom(125, 126, 65_535, 65_536).map((length) => new Uint8Array(length)),
  ),
  mask: fc.option(fc.nat(0xffffffff), { nil: undefined }),
})

test('FrameWalker counts the same however the stream is cut, and sees every boundary', () => {
  fc.assert(
    fc.property(
      fc.array(frame, { maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1 }),
      (frames, cuts) => {
        const parts = frames.map(({ opcode, fin, payload, mask }) =>
          encode(Buffer.from(payload), opcode, fin || opcode > 7, mask),
        )
        const stream = Buffer.concat(parts)
        const boundaries = new Set(
          parts.map((_, index) => parts.slice(0, index).reduce((sum, { length }) => sum + length, 0)),
        )
        boundaries.add(stream.length)
        const walker = new FrameWalker({ keepOpenings: true })
        for (let at = 0, cut = 0; at < stream.length; cut++) {
          const next = Math.min(stream.length, at + (cuts[cut % cuts.length] ?? 1))
          expect(walker.walk(stream.subarray(at, next))).toBe(NO_CLOSE)
          at = next
          expect(walker.midframe).toBe(!boundaries.has(at))
        }
        expect(walker.bytes).toBe(stream.length)
        expect(walker.messages).toBe(frames.filter(({ opcode, fin }) => opcode < 8 && fin).length)
        expect(walker.textMessages).toBe(frames.filter(({ opcode }) => opcode === 1).length)
        expect(walker.binaryMessages).toBe(frames.filter(({ opcode }) => opcode === 2).length)
        expect(walker.unmaskedFrames).toBe(frames.filter(({ mask }) => mask === undefined).length)
        const texts = frames.filter(({ opcode }) => opcode === 1).slice(-8)
        expect(walker.openings()).toEqual(texts.map(({ payload }) => Buffer.from(payload).subarray(0, 128).toString()))
      },
    ),
    { numRuns: 300 },
  )
})

/** A message in fragments with control frames between them, as RFC 6455 allows; now and then a close frame among them. */
const message = fc
  .record({
    opcode: fc.constantFrom(1, 2),
    fragments: fc.array(fc.uint8Array({ maxLength: 140 }), { minLength: 1, maxLength: 4 }),
    between: fc.array(fc.record({ opcode: fc.constantFrom(8, 9, 10), payload: fc.uint8Array({ maxLength: 125 }) }), {
      maxLength: 3,
    }),
    mask: fc.option(fc.nat(0xffffffff), { nil: undefined }),
  })
  .map(({ opcode, fragments, between, mask }) =>
    fragments.flatMap((payload, index) => {
      const last = index === fragments.length - 1
      const control = between[index]
      return [
        encode(Buffer.from(payload), index === 0 ? opcode : 0, last, mask),
        ...(control && !last ? [encode(Buffer.from(control.payload), control.opcode, true, mask)] : []),
      ]
    }),
  )

function factsOf(walker: FrameWalker): Record<string, unknown> {
  const { messages, bytes, textMessages, binaryMessages, longestMessageBytes, unmaskedFrames } = walker
  const counts = { messages, bytes, textMessages, binaryMessages, longestMessageBytes, unmaskedFrames }
  return {
    ...counts,
    closed: walker.closed,
    closeSaid: walker.closeSaid,
    midframe: walker.midframe,
    openings: walker.openings(),
  }
}

test('FrameWalker says of any chunks what it says of one: fragments, control frames between them, a goodbye, a torn end', () => {
  fc.assert(
    fc.property(
      fc.array(message, { minLength: 1, maxLength: 5 }),
      fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }),
      fc.nat(60),
      (messages, cuts, torn) => {
        const whole = Buffer.concat(messages.flat())
        const stream = whole.subarray(0, Math.max(1, whole.length - torn))
        const [one, many] = [new FrameWalker({ keepOpenings: true }), new FrameWalker({ keepOpenings: true })]
        const closeAt = one.walk(stream)
        let seenAt = NO_CLOSE
        for (let at = 0, cut = 0; at < stream.length; cut++) {
          const next = Math.min(stream.length, at + (cuts[cut % cuts.length] ?? 1))
          const rest = many.rest()
          const found = many.walk(stream.subarray(at, next))
          if (found !== NO_CLOSE) seenAt = at + found
          rest.walk(stream.subarray(at))
          expect(rest.midframe).toBe(one.midframe)
          at = next
        }
        expect(seenAt).toBe(closeAt)
        expect(factsOf(many)).toEqual(factsOf(one))
      },
    ),
    { numRuns: 1_000 },
  )
})

test.each([
  ['unmasked', encodeCloseFrame(1012, 'upstream changed'), { code: 1012, reason: 'upstream changed' }],
  ['masked', encodeMaskedCloseFrame(1001, 'bye'), { code: 1001, reason: 'bye' }],
  ['under a key', encode(Buffer.from([0x03, 0xe8, 0x68, 0x69]), 8, true, 0xa1b2c3d4), { code: 1000, reason: 'hi' }],
  ['empty', encode(Buffer.alloc(0), 8, true, 7), {}],
])('FrameWalker reads a close frame, cut anywhere, and where it begins: %s', (_, close, said) => {
  const before = encode(Buffer.from('x'), 1, true, undefined)
  const stream = Buffer.concat([before, close])
  for (let cut = 1; cut < stream.length; cut++) {
    const walker = new FrameWalker()
    const [first, second] = [walker.walk(stream.subarray(0, cut)), walker.walk(stream.subarray(cut))]
    expect([first, second === NO_CLOSE ? NO_CLOSE : cut + second]).toEqual(
      cut > before.length ? [before.length, NO_CLOSE] : [NO_CLOSE, before.length],
    )
    expect(walker.closeSaid).toEqual(said)
  }
})

test('encodeCloseFrame() cuts a long reason at 123 bytes, never inside a character', () => {
  const close = encodeCloseFrame(1011, 'ä'.repeat(100))
  const walker = new FrameWalker()
  walker.walk(close)
  expect(walker.closeSaid).toEqual({ code: 1011, reason: 'ä'.repeat(61) })
  expect(walker.midframe).toBe(false)
})
