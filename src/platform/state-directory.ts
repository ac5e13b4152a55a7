/**
 * Ours or nothing: where telemetry may be kept. A directory is used only if it (or, before it exists, the nearest ancestor) belongs
 * to our uid and `telemetry/` in it is a real folder of ours; what `sudo` left behind, a link into somebody else's tree or a file
 * in the way is a refusal, an outcome, never a throw. A directory of ours that cannot be written has two stand-ins.
 */
import type { Stats } from 'node:fs'
import { fs } from '../files/fs.ts'
import { fallbackDirectories, isOurs } from './own-directory.ts'

export type StateDirectory =
  | { readonly kind: 'ready'; readonly directory: string }
  /** Ours as far as can be seen, but it cannot be written (`reason` is the errno code): try {@link fallbackDirectories}. */
  | { readonly kind: 'unwritable'; readonly reason: string }
  /** Not ours, or not a directory: nothing is recorded, here or anywhere. */
  | { readonly kind: 'refused'; readonly reason: 'not-ours' | 'not-a-directory' | 'no-home' }

/** Errno codes that mean "this place takes no writes", as opposed to "this place is not ours". */
export function isUnwritable(code: string): boolean {
  return ['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'EIO'].includes(code)
}

/** Makes `directory` and its `telemetry/` (0700) where they are missing. Two `lstat`s when both are there. */
export function openStateDirectory(directory: string): StateDirectory {
  try {
    const state = ensureOurs(directory, false)
    return state.kind === 'ready' ? ensureOurs(`${directory}/telemetry`, true, directory) : state
  } catch (error) {
    return fromError(error)
  }
}

/** The stand-ins, in order: must be real folders, ours, and closed to everybody else. */
export function openFallbackDirectory(
  app: string,
  variables: Readonly<Record<string, string | undefined>>,
): StateDirectory {
  let last: StateDirectory = { kind: 'refused', reason: 'no-home' }
  for (const directory of fallbackDirectories(app, variables)) {
    try {
      last = ensureOurs(directory, true)
      if (last.kind === 'ready' && process.platform !== 'win32' && (fs.lstatSync(directory).mode & 0o077) !== 0)
        last = { kind: 'refused', reason: 'not-ours' }
      if (last.kind === 'ready') last = ensureOurs(`${directory}/telemetry`, true, directory)
    } catch (error) {
      last = fromError(error)
    }
    if (last.kind === 'ready') return last
  }
  return last
}

/** Those of them that are there, and ours: what was made once stays to be looked after. */
export function existingFallbacks(
  app: string,
  variables: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  return fallbackDirectories(app, variables).filter((directory) => {
    try {
      const stat = fs.lstatSync(`${directory}/telemetry`)
      return stat.isDirectory() && isOurs(stat.uid) && isOurs(fs.lstatSync(directory).uid)
    } catch {
      return false // never made
    }
  })
}

function ensureOurs(path: string, real: boolean, result = path): StateDirectory {
  const stat = (real ? fs.lstatSync : fs.statSync)(path, { throwIfNoEntry: false })
  if (stat !== undefined) {
    if (!stat.isDirectory()) return { kind: 'refused', reason: 'not-a-directory' }
    return isOurs(stat.uid) ? { kind: 'ready', directory: result } : { kind: 'refused', reason: 'not-ours' }
  }
  const ancestor = nearestAncestor(path)
  if (ancestor === null) return { kind: 'refused', reason: 'no-home' }
  if (!ancestor.isDirectory()) return { kind: 'refused', reason: 'not-a-directory' }
  // /tmp is nobody's: the fallback folder in it is made by us, or found to be ours, or refused.
  const sticky = (ancestor.mode & 0o1002) === 0o1002
  if (!isOurs(ancestor.uid) && !(real && sticky)) return { kind: 'refused', reason: 'not-ours' }
  fs.mkdirSync(path, { recursive: true, mode: 0o700 })
  // Somebody may have been faster, with something else: look at what is there now, not at what was meant.
  const made = (real ? fs.lstatSync : fs.statSync)(path)
  if (!made.isDirectory()) return { kind: 'refused', reason: 'not-a-directory' }
  return isOurs(made.uid) ? { kind: 'ready', directory: result } : { kind: 'refused', reason: 'not-ours' }
}

function nearestAncestor(path: string): Stats | null {
  for (let at = path; ; ) {
    const parent = at.replace(/[/\\][^/\\]*$/, '')
    if (parent === at) return null
    const stat = fs.statSync(parent === '' ? '/' : parent, { throwIfNoEntry: false })
    if (stat !== undefined) return stat
    if (parent === '') return null
    at = parent
  }
}

function fromError(error: unknown): StateDirectory {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
  // ENOENT: a link to nowhere; what may have stood there, a no for one, cannot be known.
  if (['ENOTDIR', 'ELOOP', 'EEXIST', 'ENOENT'].includes(code)) return { kind: 'refused', reason: 'not-a-directory' }
  return { kind: 'unwritable', reason: code }
}
