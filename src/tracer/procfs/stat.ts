/** `/proc/PID/stat`, by the numbers that proc(5) gives its fields. */
export interface StatFields {
  /** The name, at most 15 bytes; may hold `)`, spaces and newlines. Null while it was not asked for. */
  comm: string
  /** One letter: `R S D T t Z X I`. */
  state: string
  /** Field n at index n; fields 1 to 3 are not numbers here. NaN for what the kernel did not give. */
  readonly at: Float64Array
}

export const STAT = {
  ppid: 4,
  pgrp: 5,
  /** The foreground group of its terminal; -1 without one. */
  tpgid: 8,
  majflt: 12,
  utime: 14,
  stime: 15,
  cutime: 16,
  cstime: 17,
  threads: 20,
  starttime: 22,
  rssPages: 24,
  argStart: 48,
  exitCode: 52,
} as const

const FIELDS = 53

export function emptyStat(): StatFields {
  return { comm: '', state: '?', at: new Float64Array(FIELDS) }
}

/**
 * Parses the first `length` bytes into `into`. False when that is no stat line.
 *
 * The name may hold anything, so the fields are counted from the last `)` of the whole buffer, never of a line: a process named
 * `) R 1 (` with a newline in it would otherwise choose its own state and parent.
 */
export function parseStat(bytes: Buffer, length: number, into: StatFields): boolean {
  const open = bytes.indexOf(0x28)
  const close = bytes.lastIndexOf(0x29, length - 1)
  if (open < 0 || open >= length || close < open || close + 3 >= length) return false
  into.comm = bytes.toString('utf8', open + 1, close)
  into.state = String.fromCharCode(bytes[close + 2] as number)
  const { at } = into
  at.fill(Number.NaN)
  let field = 4
  let value = 0
  let digits = 0
  let sign = 1
  for (let i = close + 4; i <= length && field < FIELDS; i += 1) {
    const byte = i < length ? (bytes[i] as number) : 0x0a
    if (byte >= 0x30 && byte <= 0x39) {
      value = value * 10 + (byte - 0x30)
      digits += 1
    } else if (byte === 0x2d) sign = -1
    else if (digits > 0) {
      at[field] = sign * value
      field += 1
      value = 0
      digits = 0
      sign = 1
    }
  }
  return field > STAT.starttime
}
