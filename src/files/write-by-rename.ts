/** The cheap atomic write of the hot path and the reporter: temp file, rename, no package. For files that have one writer at a time. */
import { fs } from './fs.ts'
import { renameOver } from './rename-over.ts'
import { writeWhole } from './write-whole.ts'

/**
 * Readers see the old bytes or the new ones. Throws the errno error after taking the torso away; a SIGKILL leaves a `.tmp`.
 * @rare
 */
export function writeByRename(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`
  try {
    writeWhole(temporary, text, 'w')
    renameOver(temporary, path)
  } catch (error) {
    try {
      fs.unlinkSync(temporary) // a full disk leaves 16 KiB behind
    } catch {
      // never made
    }
    throw error
  }
}
