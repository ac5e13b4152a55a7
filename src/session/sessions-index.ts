/**
 * `sessions.jsonl`: one line a session, for people and scripts. Appended, never read for a decision; when it has grown too long it
 * is made anew from the directories.
 */
import fs from 'node:fs'
import { readSmallFile } from '../files/read-small-file.ts'
import { writeByRename } from '../files/write-by-rename.ts'
import { SUMMARY_FILE, type SessionsLayout } from './session-layout.ts'
import { parseSummary, type SessionSummary } from './summary.ts'

const INDEX_BYTES_MAX = 1024 * 1024

/** One write of one line: O_APPEND keeps the lines of two sessions apart. Throws the errno error. */
export function appendToIndex({ index }: SessionsLayout, summary: SessionSummary): void {
  fs.appendFileSync(index, lineOf(summary), { mode: 0o600 })
}

/** Finished sessions, oldest first; what has no readable summary is passed over. */
export function readSessions(layout: SessionsLayout): readonly SessionSummary[] {
  return namesIn(layout.done)
    .flatMap((name) => {
      const file = readSmallFile(`${layout.done}/${name}/${SUMMARY_FILE}`)
      const summary = file.kind === 'text' ? parseSummary(file.text) : null
      return summary === null ? [] : [summary]
    })
    .sort((a, b) => (a.start_ts < b.start_ts ? -1 : 1))
}

/** When it is over a mebibyte. A line appended meanwhile is lost from it, not from the directories. */
export function compactIndex(layout: SessionsLayout): void {
  const size = fs.lstatSync(layout.index, { throwIfNoEntry: false })?.size ?? 0
  if (size > INDEX_BYTES_MAX) writeByRename(layout.index, readSessions(layout).map(lineOf).join(''))
}

/** Names in a folder; none if it cannot be listed. */
export function namesIn(folder: string): readonly string[] {
  try {
    return fs.readdirSync(folder)
  } catch {
    return [] // not made yet, or not ours to read
  }
}

function lineOf({
  session_id,
  start_ts,
  duration_seconds,
  termination_reason,
  exit_code,
  tracked_comm,
  recovered,
}: SessionSummary): string {
  return `${JSON.stringify({ session_id, start_ts, duration_seconds, termination_reason, exit_code, tracked_comm, recovered })}\n`
}
