/** RFC 6455: a control frame carries 125 bytes, two of them the code. */
const LONGEST_REASON_BYTES = 123

/** What a close frame said: the code is absent when the frame was empty. */
export interface CloseSaid {
  readonly code?: number
  readonly reason?: string
}

/** From a server to its client: not masked. The reason is cut at 123 bytes. */
export function encodeCloseFrame(code: number, reason: string): Buffer {
  const payload = closePayload(code, reason)
  return Buffer.concat([Buffer.from([0x88, payload.length]), payload])
}

/** From a client to its server: masked, as RFC 6455 wants it. The key hides nothing from anybody here, so it is zero. */
export function encodeMaskedCloseFrame(code: number, reason: string): Buffer {
  const payload = closePayload(code, reason)
  return Buffer.concat([Buffer.from([0x88, 0x80 | payload.length, 0, 0, 0, 0]), payload])
}

/** Reads the unmasked payload of a close frame; a torn or empty one says nothing. */
export function parseClosePayload(payload: Buffer): CloseSaid {
  if (payload.length < 2) return {}
  const reason = payload.toString('utf8', 2)
  return { code: payload.readUInt16BE(0), ...(reason === '' ? {} : { reason }) }
}

function closePayload(code: number, reason: string): Buffer {
  const text = Buffer.from(reason)
  let length = Math.min(text.length, LONGEST_REASON_BYTES)
  // Never half a character: continuation bytes are 10xxxxxx.
  while (length < text.length && length > 0 && ((text[length] ?? 0) & 0xc0) === 0x80) length--
  const payload = Buffer.allocUnsafe(2 + length)
  payload.writeUInt16BE(code, 0)
  text.copy(payload, 2, 0, length)
  return payload
}
