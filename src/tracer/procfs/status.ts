/** `/proc/PID/status`: the lines that a snapshot wants, by their kernel names. */
export interface StatusFields {
  VmHWM: number | null
  VmRSS: number | null
  VmSwap: number | null
  CoreDumping: number | null
  SigPnd: string | null
  ShdPnd: string | null
  SigBlk: string | null
  SigIgn: string | null
  SigCgt: string | null
  voluntary_ctxt_switches: number | null
  nonvoluntary_ctxt_switches: number | null
}

export function emptyStatus(): StatusFields {
  return {
    VmHWM: null,
    VmRSS: null,
    VmSwap: null,
    CoreDumping: null,
    SigPnd: null,
    ShdPnd: null,
    SigBlk: null,
    SigIgn: null,
    SigCgt: null,
    voluntary_ctxt_switches: null,
    nonvoluntary_ctxt_switches: null,
  }
}

type Key = keyof StatusFields

const KEYS = new Map<number, Key>((Object.keys(emptyStatus()) as Key[]).map((key) => [hashOf(Buffer.from(key)), key]))

/** Parses the first `length` bytes into `into`; lines that are missing (a zombie has no memory) become null. Memory in KiB, masks as hex text. */
export function parseStatus(bytes: Buffer, length: number, into: StatusFields): void {
  into.VmHWM = into.VmRSS = into.VmSwap = into.CoreDumping = null
  into.SigPnd = into.ShdPnd = into.SigBlk = into.SigIgn = into.SigCgt = null
  into.voluntary_ctxt_switches = into.nonvoluntary_ctxt_switches = null
  let i = 0
  while (i < length) {
    let hash = 0
    let byte = bytes[i] as number
    // The name is escaped in this file, so that a newline always ends a line.
    while (byte !== 0x3a && byte !== 0x0a && i < length) {
      hash = (Math.imul(hash, 31) + byte) | 0
      i += 1
      byte = bytes[i] as number
    }
    const key = byte === 0x3a ? KEYS.get(hash) : undefined
    const start = i + 1
    while (i < length && bytes[i] !== 0x0a) i += 1
    if (key !== undefined) assign(into, key, bytes, start, i)
    i += 1
  }
}

function assign(into: StatusFields, key: Key, bytes: Buffer, start: number, end: number): void {
  if (isMask(key)) into[key] = bytes.toString('latin1', start + 1, end)
  else into[key] = numberIn(bytes, start, end)
}

function isMask(key: Key): key is 'SigPnd' | 'ShdPnd' | 'SigBlk' | 'SigIgn' | 'SigCgt' {
  return key.startsWith('S')
}

function numberIn(bytes: Buffer, start: number, end: number): number {
  let value = 0
  for (let i = start; i < end; i += 1) {
    const digit = (bytes[i] as number) - 0x30
    if (digit >= 0 && digit <= 9) value = value * 10 + digit
  }
  return value
}

function hashOf(key: Buffer): number {
  return key.reduce((hash, byte) => (Math.imul(hash, 31) + byte) | 0, 0)
}
