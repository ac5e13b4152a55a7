/** A folder and its missing ancestors, 0700. Not `mkdirSync({ recursive })`, which never returns where a parent that is there says ENOENT (/proc). */
import fs from 'node:fs'
import { dirname } from 'node:path'
import { errorCode } from '../files/read-small-file.ts'

/** Throws the errno error. */
export function makeFolder(path: string): void {
  try {
    fs.mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    const code = errorCode(error)
    if (code === 'EEXIST') return
    if (code !== 'ENOENT' || dirname(path) === path || fs.existsSync(dirname(path))) throw error
    makeFolder(dirname(path))
    fs.mkdirSync(path, { mode: 0o700 })
  }
}
