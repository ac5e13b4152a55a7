/**
 * UUIDv7 (RFC 9562) from a clock and `Math.random`: the name of an event and of its file, so that names sort by age. Not a
 * secret, hence no crypto module: loading it costs more than the rest of the recording. V8 seeds `Math.random` from the
 * system's entropy in every process; 74 random bits keep processes apart, and within one process the 12 bits after the
 * milliseconds count up.
 */
const MS_MAX = 2 ** 48 - 1

let lastMs = -1
let counter = 0

/**
 * Strictly greater than every one made before in this process, also when the clock stands still or goes back.
 * @param nowMs milliseconds since 1970; what is no such number counts as 0.
 */
export function uuid7(nowMs: number): string {
  const ms = nowMs > 0 ? Math.min(Math.floor(nowMs), MS_MAX) : 0
  if (ms > lastMs) {
    lastMs = ms
    counter = random(11) // the upper half is left to count in
  } else if (++counter > 0xfff) {
    lastMs += 1
    counter = random(11)
  }
  const time = hex(lastMs, 12)
  const variant = 0x8000 + random(14)
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(counter, 3)}-${hex(variant, 4)}-${hex(random(24), 6)}${hex(random(24), 6)}`
}

/** 0 to 63, from the uuid's last six bits: random, so 0 is one command in 64. */
export function randomBits(uuid: string): number {
  return Number.parseInt(uuid.slice(-2), 16) & 63
}

function random(bits: number): number {
  return Math.floor(Math.random() * 2 ** bits)
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}
