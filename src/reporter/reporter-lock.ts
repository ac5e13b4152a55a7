/**
 * `reporter.lock`: at most one reporter per directory, without a heartbeat. No holder outlives 10 s, so age is the proof of death:
 * older than 12 s, or dated more than 2 s ahead, is stale. Two winners cost a process, nothing else.
 *
 * Who writes: the launching command makes it (O_EXCL, a token); the child puts its pid in, and its launcher before it where no
 * clock stands outside (the same bytes), keeping the file's date (a date that moved would let the lock outlive its owner). Who
 * deletes: the child, while the token is its own; a launcher whose spawn failed; whoever finds it stale, by renaming it aside first
 * and looking at what was caught.
 *
 * Race R8: two commands find the same stale lock. Each renames it aside; the second finds nothing, or catches the first's new
 * lock, sees that it is not the stale one, and links it back.
 */
import type { Stats } from 'node:fs'
import { fs } from '../files/fs.ts'
import { errorCode, readSmallFile } from '../files/read-small-file.ts'
import { renameOver, retryOnWindows } from '../files/rename-over.ts'
import { writeWhole } from '../files/write-whole.ts'
import { isProcessInstance, type ProcessInstance } from '../platform/process-instance.ts'
import { isStaleLock } from './launch-due.ts'

export interface LockContent {
  readonly token: string
  /** Absent until the child runs, or where its launcher knows it. */
  readonly holder?: ProcessInstance
}

export type LockTaken =
  | { readonly kind: 'taken'; readonly token: string }
  /** `stale` is what was taken away, if its holder should be looked after. */
  | { readonly kind: 'taken-over'; readonly token: string; readonly stale: LockContent | null }
  | { readonly kind: 'held'; readonly ageMs: number }
  | { readonly kind: 'failed'; readonly reason: string }

/** Never throws. One `lstat` when it is held. */
export function takeReporterLock(path: string, token: string, nowMs: number): LockTaken {
  try {
    const stat = fs.lstatSync(path, { throwIfNoEntry: false })
    if (stat === undefined) return make(path, token, nowMs)
    const ageMs = nowMs - stat.mtimeMs
    if (!isStaleLock(ageMs)) return { kind: 'held', ageMs }
    return takeOver(path, token, stat, nowMs)
  } catch (error) {
    return { kind: 'failed', reason: errorCode(error) }
  }
}

function make(path: string, token: string, nowMs: number): LockTaken {
  try {
    writeWhole(path, `${JSON.stringify({ token })}\n`, 'wx')
    return { kind: 'taken', token }
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') return { kind: 'failed', reason: errorCode(error) }
    const stat = fs.lstatSync(path, { throwIfNoEntry: false })
    return { kind: 'held', ageMs: stat === undefined ? 0 : nowMs - stat.mtimeMs }
  }
}

function takeOver(path: string, token: string, seen: Stats, nowMs: number): LockTaken {
  const aside = `${path}.${token}.tmp`
  try {
    renameOver(path, aside)
  } catch (error) {
    return errorCode(error) === 'ENOENT' ? make(path, token, nowMs) : { kind: 'failed', reason: errorCode(error) }
  }
  const caught = fs.lstatSync(aside)
  const stale = parseLock(aside)
  if (caught.ino !== seen.ino || caught.mtimeMs !== seen.mtimeMs) {
    putBack(aside, path)
    return { kind: 'held', ageMs: nowMs - caught.mtimeMs }
  }
  if (!caught.isDirectory()) fs.unlinkSync(aside) // a folder that somebody made here stays aside, with whatever is in it
  const made = make(path, token, nowMs)
  return made.kind === 'taken' ? { kind: 'taken-over', token, stale } : made
}

function putBack(aside: string, path: string): void {
  try {
    fs.linkSync(aside, path)
  } catch {
    // a third one has made a lock meanwhile: then that one counts, and two reporters run
  }
  fs.unlinkSync(aside)
}

export function parseLock(path: string): LockContent | null {
  const file = readSmallFile(path)
  if (file.kind !== 'text') return null
  try {
    const value = JSON.parse(file.text) as { token?: unknown; holder?: unknown } | null
    if (typeof value?.token !== 'string') return null
    return isProcessInstance(value.holder) ? { token: value.token, holder: value.holder } : { token: value.token }
  } catch {
    return null
  }
}

/** The holder's entry, as far as the disk takes it. False: the lock is not ours (any more), and another reporter is at work. */
export function signReporterLock(path: string, token: string, holder: ProcessInstance): boolean {
  if (tokenOf(path) !== token) return false
  try {
    const { atime, mtime } = fs.lstatSync(path)
    // In place, not by rename: a rename could bring back a lock that was taken over in between.
    fs.writeFileSync(path, `${JSON.stringify({ token, holder })}\n`, { flag: 'r+' })
    fs.utimesSync(path, atime, mtime)
    return true
  } catch (error) {
    return errorCode(error) !== 'ENOENT'
  }
}

/**
 * Race R56: the other of the two signs at this moment, in place, and a reader gets the old text up to its end and the rest of the new.
 * Whoever looks again sees it whole.
 */
function tokenOf(path: string): string | null {
  return (parseLock(path) ?? parseLock(path))?.token ?? null
}

/** Unlinks the lock if it is still the token's. True: it was. */
export function releaseReporterLock(path: string, token: string): boolean {
  if (tokenOf(path) !== token) return false
  try {
    retryOnWindows(() => fs.unlinkSync(path))
    return true
  } catch {
    return false
  }
}
