/**
 * The nth number (from 0) in the first `length` bytes: `oom_score`, `oom_score_adj`, `schedstat`. Null when there is none.
 */
export function parseNumber(bytes: Buffer, length: number, nth = 0): number | null {
  let index = 0
  let value = 0
  let digits = 0
  let sign = 1
  for (let i = 0; i <= length; i += 1) {
    const byte = i < length ? (bytes[i] as number) : 0x0a
    if (byte >= 0x30 && byte <= 0x39) {
      value = value * 10 + (byte - 0x30)
      digits += 1
      continue
    }
    if (digits > 0) {
      if (index === nth) return sign * value
      index += 1
    }
    sign = byte === 0x2d ? -1 : 1
    value = 0
    digits = 0
  }
  return null
}
