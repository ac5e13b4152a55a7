/** A small file, all of it or an error. */
import { fs } from './fs.ts'

/** Throws the errno error, and may leave a part: a full disk takes the first bytes, and says so at the next ones. */
export function writeWhole(path: string, text: string, flag: 'w' | 'wx' | number): void {
  // With the encoding said, Node opens, writes and closes in one call; without, the first use costs twice as much.
  fs.writeFileSync(path, text, { encoding: 'utf8', flag: flag as string, mode: 0o600 })
}
