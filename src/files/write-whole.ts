/** A small file, all of it or an error. */
import { fs } from './fs.ts'

/**
 * As `writeFileSync(path, text, { flag, mode: 0o600 })`, whose first use costs 0.1 ms more. Throws the errno error, and may leave a
 * part: a full disk takes the first bytes, and says so at the next ones.
 */
export function writeWhole(path: string, text: string, flag: 'w' | 'wx' | number): void {
  const fd = fs.openSync(path, flag, 0o600)
  try {
    const written = fs.writeSync(fd, text)
    if (written < Buffer.byteLength(text)) fs.writeFileSync(fd, Buffer.from(text).subarray(written))
  } finally {
    fs.closeSync(fd)
  }
}
