/**
 * Which stored choice it is, not what it says: every `on` and `off` writes its file anew. What began under one choice and ends under
 * another belongs to ids that were erased in between.
 */
import { fs } from '../files/fs.ts'

/** Of every file that may hold a choice, in this order. Never throws. */
export function consentMark(consentFiles: readonly string[]): string {
  return consentFiles.map(markOf).join(' ')
}

function markOf(path: string): string {
  try {
    const stat = fs.lstatSync(path, { throwIfNoEntry: false, bigint: true })
    return stat === undefined ? '-' : `${stat.ino}:${stat.mtimeNs}`
  } catch {
    return '?' // what cannot be looked at cannot be read either, and that is a no
  }
}
