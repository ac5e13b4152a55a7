import fs from 'node:fs'
import { join, resolve } from 'node:path'

export type FoundCommand =
  | { readonly kind: 'found'; readonly path: string }
  /** There is no PATH to look in: only the shell's own default could tell. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'missing'; readonly code: CannotRun }

type CannotRun = 'ENOENT' | 'EACCES' | 'EISDIR'

/** What the kernel reads of a file for its `#!` line (BINPRM_BUF_SIZE), and how many interpreters it follows. */
const HEAD_BYTES = 256
const INTERPRETERS_MAX = 5

/**
 * The file that `execvp` would run, looked for as it does: a name with a slash from `cwd`, any other one in each folder of `path`;
 * and a script only with an interpreter that is there. Told before a shell is asked, whose 127 could as well be the workload's own.
 */
export function findCommand(command: string, cwd: string, path: string | undefined): FoundCommand {
  if (!command.includes('/') && path === undefined) return { kind: 'unknown' }
  const found = command.includes('/')
    ? judge([resolve(cwd, command)])
    : judge((path ?? '').split(':').map((folder) => join(resolve(cwd, folder), command)))
  if (found.kind !== 'found') return found
  const code = interpreterTrouble(found.path, cwd)
  return code === null ? found : { kind: 'missing', code }
}

/** Why the kernel would refuse a script: the interpreter of its `#!` line, or that one's own. Null: it would not. */
function interpreterTrouble(path: string, cwd: string): CannotRun | null {
  let at = path
  for (let depth = 0; depth < INTERPRETERS_MAX; depth += 1) {
    // The name ends at a blank: a carriage return is a part of it.
    const named = /^#![ \t]*([^ \t\n\0]+)/.exec(headOf(at))?.[1]
    if (named === undefined) return null
    const found = judge([resolve(cwd, named)])
    if (found.kind === 'missing') return found.code
    at = resolve(cwd, named)
  }
  return null
}

/** Empty where it may be run but not read. */
function headOf(path: string): string {
  try {
    const descriptor = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK)
    try {
      const buffer = Buffer.alloc(HEAD_BYTES)
      return buffer.toString('latin1', 0, fs.readSync(descriptor, buffer, 0, HEAD_BYTES, 0))
    } finally {
      fs.closeSync(descriptor)
    }
  } catch {
    return ''
  }
}

function judge(candidates: readonly string[]): FoundCommand & { kind: 'found' | 'missing' } {
  let code: CannotRun = 'ENOENT'
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
