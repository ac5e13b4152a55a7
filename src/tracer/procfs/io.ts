/** `/proc/PID/io`. */
export interface IoFields {
  /** Through read(2) and write(2). */
  rchar: number
  wchar: number
  /** From and to storage. */
  readBytes: number
  writeBytes: number
}

export function emptyIo(): IoFields {
  return { rchar: 0, wchar: 0, readBytes: 0, writeBytes: 0 }
}

/** The kernel writes seven lines in one order: rchar, wchar, syscr, syscw, read_bytes, write_bytes, cancelled_write_bytes. */
export function parseIo(bytes: Buffer, length: number, into: IoFields): boolean {
  let line = 0
  let value = 0
  let digits = 0
  for (let i = 0; i < length; i += 1) {
    const byte = bytes[i] as number
    if (byte >= 0x30 && byte <= 0x39) {
      value = value * 10 + (byte - 0x30)
      digits += 1
    } else if (byte === 0x0a) {
      if (digits === 0) return false
      if (line === 0) into.rchar = value
      else if (line === 1) into.wchar = value
      else if (line === 4) into.readBytes = value
      else if (line === 5) into.writeBytes = value
      line += 1
      value = 0
      digits = 0
    }
  }
  return line >= 6
}
