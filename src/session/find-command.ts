import fs from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'

export type FoundCommand =
  | { readonly kind: 'found'; readonly path: string }
  /** There is no PATH to look in: only the shell's own default could tell. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'missing'; readonly code: 'ENOENT' | 'EACCES' | 'EISDIR' }

/**
 * The file that `execvp` would run, looked for as it does: a name with a slash from `cwd`, any other one in each folder of `path`.
 * Told before a shell is asked, whose 127 could as well be the workload's own.
 */
export function findCommand(command: string, cwd: string, path: string | undefined): FoundCommand {
  if (command.includes('/')) return judge([isAbsolute(command) ? command : resolve(cwd, command)])
  if (path === undefined) return { kind: 'unknown' }
  return judge(path.split(':').map((folder) => join(isAbsolute(folder) ? folder : resolve(cwd, folder), command)))
}

function judge(candidates: readonly string[]): FoundCommand {
  let code: 'ENOENT' | 'EACCES' | 'EISDIR' = 'ENOENT'
  for (const path of candidates) {
    try {
      if (fs.statSync(path).isDirectory()) {
        if (candidates.length === 1) code = 'EISDIR'
        continue
      }
      fs.accessSync(path, fs.constants.X_OK)
      return { kind: 'found', path }
    } catch (error) {
      // As execvp: what may not be run is remembered, and the search goes on.
      if ((error as NodeJS.ErrnoException).code === 'EACCES') code = 'EACCES'
    }
  }
  return { kind: 'missing', code }
}
