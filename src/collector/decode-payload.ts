/** From the bytes of a capture request to its JSON value. Pure. Headers and hints are not trusted: SDKs get them wrong. */
import { isUtf8 } from 'node:buffer'
import { gunzipSync } from 'node:zlib'

/** PostHog's wire cap on every v0 route, and its budget for what a body may unfold to. */
export const WIRE_BYTES_MAX: number = 20 * 1024 * 1024
export const DECOMPRESSED_BYTES_MAX: number = 5 * WIRE_BYTES_MAX

export type DecodedPayload =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly status: 400 | 413; readonly reason: string }

/**
 * Accepts JSON; base64 of it; gzip of it (by its magic number), itself base64 or not; and a form whose field `data` is any of
 * these. `bytes` is a body or the query's `data`.
 */
export function decodePayload(bytes: Buffer): DecodedPayload {
  if (bytes.length === 0) return undecodable('empty payload')
  const payload = fromBase64(formData(bytes) ?? bytes)
  const json = isGzip(payload) ? inflated(payload) : payload
  if ('kind' in json) return json
  if (!isUtf8(json)) return undecodable('invalid body encoding')
  try {
    return { kind: 'json', value: JSON.parse(json.toString('utf8')) }
  } catch (error) {
    return { kind: 'refused', status: 400, reason: `failed to parse request: ${(error as SyntaxError).message}` }
  }
}

function undecodable(reason: string): DecodedPayload {
  return { kind: 'refused', status: 400, reason: `failed to decode request: ${reason}` }
}

function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 0x08
}

function inflated(bytes: Buffer): Buffer | Extract<DecodedPayload, { kind: 'refused' }> {
  try {
    // Checked after each chunk while inflating, so a bomb costs the budget and no more.
    return gunzipSync(bytes, { maxOutputLength: DECOMPRESSED_BYTES_MAX })
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
      ? { kind: 'refused', status: 413, reason: 'maximum event size exceeded' }
      : { kind: 'refused', status: 400, reason: 'failed to decode request: invalid gzip data' }
  }
}

const FORM = /^(?:[\w.-]+=[^&]*&)*data=/

/** The `data` field of an urlencoded form, undefined if the bytes are none. JSON, base64 and gzip never look like one. */
function formData(bytes: Buffer): Buffer | undefined {
  if (!FORM.test(bytes.toString('latin1', 0, 1024))) return undefined
  return fieldBytes(new URLSearchParams(bytes.toString('latin1')).get('data') ?? '')
}

/** A `data` parameter, of a form or a query, as bytes. A '+' of base64 that its sender did not escape was read as a space. */
export function fieldBytes(data: string): Buffer {
  return Buffer.from(BASE64_LOOSE.test(data) ? data.replaceAll(' ', '+') : data)
}

const BASE64_LOOSE = /^[A-Za-z0-9+/ ]+={0,2}$/
/** With a length divisible by 4. Saying the fours in the pattern overflows V8's stack at a few megabytes. */
const BASE64_STRICT = /^[A-Za-z0-9+/]+={0,2}$/

function fromBase64(bytes: Buffer): Buffer {
  const first = bytes[0]
  if (first === 0x7b || first === 0x5b || first === 0x1f) return bytes // { [ gzip: no need to look at all of it
  const text = bytes.toString('latin1').trim()
  return text.length % 4 === 0 && BASE64_STRICT.test(text) ? Buffer.from(text, 'base64') : bytes
}
