/** A folder and its missing ancestors, 0700. Not `mkdirSync({ recursive })`, which never returns where a parent that is there says ENOENT (/proc). */
import fs from 'node:fs'
import { dirname } from 'node:path'
import { errorCode } from '../files/read-small-file.ts'

/**
 * Throws the errno error.
 *
 * Race R38: another process makes the same folder, or its parent, between any two of these steps. So the last word is a second try,
 * and a folder that is there is made, whoever made it.
 */
export function makeFolder(path: string): void {
  const trouble = tryToMake(path)
  if (trouble === null) return
  if (errorCode(trouble) !== 'ENOENT' || dirname(path) === path) throw trouble
  if (!fs.existsSync(dirname(path))) makeFolder(dirname(path))
  const still = tryToMake(path)
  if (still !== null) throw still
}

function tryToMake(path: string): Error | null {
  try {
    fs.mkdirSync(path, { mode: 0o700 })
    return null
  } catch (error) {
    return errorCode(error) === 'EEXIST' ? null : (error as Error)
  }
}
