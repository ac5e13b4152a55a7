/**
 * `sent.jsonl`: what was accepted, rejected and dropped, one JSON line each, bounded. Written by reporters and by whoever prunes;
 * read by `log`. Nothing is decided from it, so a line lost when two reporters shorten it at once costs a line of a log. A journal
 * that cannot be written stops nothing.
 */
import { fs } from '../files/fs.ts'
import { writeByRename } from '../files/write-by-rename.ts'
import { SPOOL_BOUNDS } from './spool-bounds.ts'

export interface JournalEntry {
  /** ISO: when the verdict was known. */
  readonly at: string
  readonly verdict: 'accepted' | 'rejected' | 'dropped'
  readonly uuid: string | null
  readonly event: string | null
  /** `command_name` of an event about a command. */
  readonly command?: string
  readonly distinct_id?: string
  readonly reason?: string
  /** Bytes of the envelope file. */
  readonly bytes?: number
}

/** A link is not followed, and a FIFO in its place blocks nobody. */
const GUARDED = (fs.constants.O_NOFOLLOW ?? 0) | (fs.constants.O_NONBLOCK ?? 0)
const APPEND = fs.constants.O_WRONLY | fs.constants.O_APPEND | fs.constants.O_CREAT | GUARDED
const READ = fs.constants.O_RDONLY | GUARDED

/** Appends with one write; shortens to the newer half first when the bound is passed. False: not written. */
export function appendJournal(path: string, entries: readonly JournalEntry[]): boolean {
  if (entries.length === 0) return true
  const text = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('')
  try {
    shorten(path, text.length)
    fs.appendFileSync(path, text, { flag: APPEND as unknown as string, mode: 0o600 })
    return true
  } catch {
    return false // full disk, read-only: delivery goes on, and the caller knows
  }
}

/** Newest last; lines that do not parse (a torn end) are left out. */
export function readJournal(path: string): readonly JournalEntry[] {
  let text: string
  try {
    text = fs.readFileSync(path, { encoding: 'utf8', flag: READ as unknown as string })
  } catch {
    return [] // none yet, or not readable: `status --deep` tells the two apart
  }
  return text.split('\n').flatMap((line) => {
    try {
      const entry = JSON.parse(line) as JournalEntry | null
      return typeof entry === 'object' && entry !== null && typeof entry.at === 'string' ? [entry] : []
    } catch {
      return []
    }
  })
}

function shorten(path: string, more: number): void {
  const stat = fs.lstatSync(path, { throwIfNoEntry: false })
  if (stat === undefined || stat.size + more <= SPOOL_BOUNDS.journalBytes) return
  const text = fs.readFileSync(path, 'utf8')
  const from = text.indexOf('\n', text.length - Math.floor(SPOOL_BOUNDS.journalBytes / 2))
  writeByRename(path, from === -1 ? '' : text.slice(from + 1))
}
