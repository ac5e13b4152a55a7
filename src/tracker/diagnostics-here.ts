/** What is kept of this directory's past: the journal, and the diagnostics if the user wants any. */
import { noteDebug } from '../spool/debug-log.ts'
import { type JournalEntry, readJournal } from '../spool/journal.ts'
import { spoolLayout } from '../spool/spool-layout.ts'

export function journalHere(directory: string): readonly JournalEntry[] {
  return readJournal(spoolLayout(directory).journal)
}

export function noteHere(directory: string, outcome: string): void {
  noteDebug(spoolLayout(directory).debug, 'host', outcome)
}
