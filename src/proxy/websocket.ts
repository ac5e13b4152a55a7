/**
 * Walks over one direction of a WebSocket stream, header by header, and counts. Payload is never copied, decoded or kept but for
 * close frames (125 bytes at most) and, if asked for, the opening bytes of the last few text messages. The bytes themselves are
 * the pump's: a walker cannot change, delay or cap them.
 */
import { parseClosePayload } from './close-frame.ts'
import type { CloseSaid } from './close-frame.ts'

const LONGEST_HEADER_BYTES = 14
const LONGEST_CONTROL_BYTES = 125
const OPENING_BYTES = 128
const OPENINGS_KEPT = 8
const TEXT = 1
const BINARY = 2
const CLOSE = 8

/** The beginning of a frame's payload, as it was on the wire. */
interface Kept {
  mask: number
  readonly bytes: Buffer
  length: number
  /** What of the present chunk belongs to it, and is not copied yet. */
  from: number
  to: number
}

/** The walker's answer when no close frame begins in a chunk. */
export const NO_CLOSE = -1

export class FrameWalker {
  messages = 0
  bytes = 0
  textMessages = 0
  binaryMessages = 0
  /** Payload of the longest message yet, fragments together. */
  longestMessageBytes = 0
  unmaskedFrames = 0
  #closed = false
  /** Payload of the present frame still to come. */
  #left = 0
  #first = 0
  #maskAt = 0
  #messageBytes = 0
  readonly #header = Buffer.alloc(LONGEST_HEADER_BYTES)
  #headerBytes = 0
  #goodbye: Kept | undefined
  #opening: Kept | undefined
  readonly #keepOpenings: boolean
  readonly #openings: Kept[] = []
  #nextOpening = 0
  #closePayload: Buffer | undefined

  constructor({ keepOpenings = false }: { keepOpenings?: boolean } = {}) {
    this.#keepOpenings = keepOpenings
  }

  /** Inside a frame: nothing may be said between these bytes. A fragmented message between its fragments is not. */
  get midframe(): boolean {
    return this.#left > 0 || this.#headerBytes > 0
  }

  /** True from the first byte of a close frame on. */
  get closed(): boolean {
    return this.#closed
  }

  /** What the close frame said, as soon as the whole of it was there. */
  get closeSaid(): CloseSaid | undefined {
    return this.#closePayload && parseClosePayload(this.#closePayload)
  }

  /** A walker for what follows, that counts from zero: this one's figures stay as they are. */
  rest(): FrameWalker {
    const rest = new FrameWalker()
    rest.#left = this.#left
    rest.#first = this.#first
    rest.#headerBytes = this.#headerBytes
    this.#header.copy(rest.#header)
    return rest
  }

  /** Opening bytes of the last text messages, oldest first, unmasked: at most {@link OPENINGS_KEPT} of 128 bytes. */
  openings(): readonly string[] {
    const inOrder = [...this.#openings.slice(this.#nextOpening), ...this.#openings.slice(0, this.#nextOpening)]
    return inOrder.map(({ mask, bytes, length }) => unmasked(bytes.subarray(0, length), mask).toString())
  }

  /** Counts the chunk. Answers where in it the first close frame begins, else {@link NO_CLOSE}. */
  walk(chunk: Buffer): number {
    const end = chunk.length
    this.bytes += end
    let closeAt = NO_CLOSE
    let at = 0
    while (at < end) {
      if (this.#left > 0) {
        const take = Math.min(this.#left, end - at)
        if (this.#opening) keepLater(this.#opening, at, take)
        else if (this.#goodbye) keepNow(this.#goodbye, chunk, at, take)
        this.#left -= take
        at += take
        if (this.#left === 0) this.#frameEnds()
        continue
      }
      if (this.#headerBytes === 0) {
        if (((chunk[at] ?? 0) & 0x0f) === CLOSE && !this.#closed) {
          this.#closed = true
          closeAt = at
        }
        const length = end - at >= 2 ? headerLength(chunk[at + 1] ?? 0) : LONGEST_HEADER_BYTES
        if (end - at >= length) {
          this.#frameBegins(chunk, at, length)
          at += length
          continue
        }
      }
      // The chunk ends inside a header: it is put together byte by byte.
      this.#header[this.#headerBytes++] = chunk[at++] ?? 0
      if (this.#headerBytes >= 2 && this.#headerBytes === headerLength(this.#header[1] ?? 0)) {
        const length = this.#headerBytes
        this.#headerBytes = 0
        this.#frameBegins(this.#header, 0, length)
      }
    }
    // Of a chunk with a thousand messages the last few are copied, not all.
    for (const opening of this.#openings) if (opening.to > opening.from) copyKept(opening, chunk)
    return closeAt
  }

  #frameBegins(from: Buffer, at: number, length: number): void {
    const first = (this.#first = from[at] ?? 0)
    const second = from[at + 1] ?? 0
    const short = second & 0x7f
    this.#left =
      short < 126
        ? short
        : short === 126
          ? from.readUInt16BE(at + 2)
          : from.readUInt32BE(at + 2) * 2 ** 32 + from.readUInt32BE(at + 6)
    const opcode = first & 0x0f
    if (second < 0x80) this.unmaskedFrames++
    this.#maskAt = second < 0x80 ? 0 : from.readUInt32BE(at + length - 4)
    if (opcode < CLOSE) this.#messageBegins(opcode)
    if (opcode === CLOSE) this.#goodbye = keeping(this.#maskAt, Math.min(this.#left, LONGEST_CONTROL_BYTES))
    else if (this.#keepOpenings && opcode === TEXT) this.#opening = this.#newOpening()
    if (this.#left === 0) this.#frameEnds()
  }

  #frameEnds(): void {
    const opcode = this.#first & 0x0f
    if (opcode === CLOSE && this.#goodbye) this.#closePayload ??= unmasked(this.#goodbye.bytes, this.#goodbye.mask)
    this.#goodbye = this.#opening = undefined
    if (opcode >= CLOSE || this.#first < 0x80) return
    this.messages++
    this.#messageBytes = 0
  }

  /** Also a message that never ends is told: what cannot be stood is so from its first header on. */
  #messageBegins(opcode: number): void {
    this.#messageBytes += this.#left
    if (this.#messageBytes > this.longestMessageBytes) this.longestMessageBytes = this.#messageBytes
    if (opcode === TEXT) this.textMessages++
    else if (opcode === BINARY) this.binaryMessages++
  }

  /** A ring of buffers that are made once: a small message costs one short copy. */
  #newOpening(): Kept {
    const opening = (this.#openings[this.#nextOpening] ??= keeping(0, OPENING_BYTES))
    opening.mask = this.#maskAt
    opening.length = opening.from = opening.to = 0
    this.#nextOpening = (this.#nextOpening + 1) % OPENINGS_KEPT
    return opening
  }
}

function keeping(mask: number, bytes: number): Kept {
  return { mask, bytes: Buffer.alloc(bytes), length: 0, from: 0, to: 0 }
}

function keepLater(kept: Kept, at: number, take: number): void {
  kept.from = at
  kept.to = at + Math.min(take, kept.bytes.length - kept.length)
}

function keepNow(kept: Kept, chunk: Buffer, at: number, take: number): void {
  keepLater(kept, at, take)
  copyKept(kept, chunk)
}

/** A loop: for so few bytes a call of `copy()` takes longer. */
function copyKept(kept: Kept, chunk: Buffer): void {
  for (let at = kept.from; at < kept.to; at++) kept.bytes[kept.length++] = chunk[at] ?? 0
  kept.from = kept.to = 0
}

/** From the second byte of a frame: 2, or 4 or 10 with a long length, and 4 more with a mask. */
function headerLength(second: number): number {
  const short = second & 0x7f
  return 2 + (short === 126 ? 2 : short === 127 ? 8 : 0) + (second >= 0x80 ? 4 : 0)
}

function unmasked(payload: Buffer, mask: number): Buffer {
  return Buffer.from(payload.map((byte, index) => byte ^ ((mask >>> (8 * (3 - (index % 4)))) & 0xff)))
}
