/** What waits, what a killed command left, what the journal says last, and what holds deliveries up. Pure. */
import { type Backoff, isWaiting } from '../../reporter/backoff.ts'
import type { JournalEntry } from '../../spool/journal.ts'
import { SPOOL_BOUNDS } from '../../spool/spool-bounds.ts'
import { backOffInWords, hostOfKey } from '../back-off-words.ts'
import { clockTimeAgo, counted, durationInWords } from '../in-words.ts'
import { commandNameOf } from '../waiting.ts'
import { type Probe, probe } from './probe.ts'
import type { SpoolFacts } from './spool-facts.ts'

/** Longer, and it is no longer the next command that everybody waits for. */
const LONG_MS = 24 * 3_600_000

export function judgeWaiting({ waiting, foreign }: SpoolFacts, nowMs: number): Probe {
  const name = 'waiting'
  const others = foreign === 0 ? '' : `; ${counted(foreign, 'file')} torn, or of a newer version`
  const oldest = waiting[0]
  if (oldest === undefined) return probe(name, foreign === 0 ? 'PASS' : 'WARN', `nothing${others}`)
  const ageMs = nowMs - Date.parse(oldest.timestamp)
  const words = `${counted(waiting.length, 'event')}, the oldest for ${durationInWords(ageMs)}${others}`
  if (waiting.length >= SPOOL_BOUNDS.pendingFiles)
    return probe(name, 'FAIL', `${words}: as many as may wait, older ones are dropped`)
  return probe(name, ageMs > LONG_MS || foreign > 0 ? 'WARN' : 'PASS', words)
}

export function judgeBegun({ begun, unpublished, tornBegun }: SpoolFacts): Probe {
  const name = 'in-flight'
  const dead = begun.filter(({ verdict }) => verdict === 'gone')
  const parts = [
    ...begun
      .filter(({ verdict }) => verdict === 'alive')
      .map(({ pid, envelope }) => `${commandNameOf(envelope.properties)} runs as pid ${pid}`)
      .slice(0, 3),
    ...some(dead.length, 'record', `of dead processes (${pidsOf(dead)})`),
    ...some(unpublished.length, 'finished event', 'whose command was killed before its last rename'),
    ...some(begun.filter(({ verdict }) => verdict === 'unknown').length, 'record', 'of another machine or container'),
    ...some(tornBegun, 'file', 'torn or of a newer version'),
  ]
  if (parts.length === 0) return probe(name, 'PASS', 'nothing')
  const left = dead.length + unpublished.length
  const next = left === 0 ? '' : `. The next reporter sends ${left === 1 ? 'it' : 'them'}.`
  return probe(name, left + tornBegun === 0 ? 'PASS' : 'WARN', `${parts.join('; ')}${next}`)
}

export function judgeJournal({ journal, journalThere, journalUnreadable }: SpoolFacts, nowMs: number): Probe {
  const name = 'journal'
  if (!journalThere) return probe(name, 'n/a', 'sent.jsonl is not there yet: nothing was settled so far')
  if (journalUnreadable !== null) return probe(name, 'FAIL', `sent.jsonl cannot be read (${journalUnreadable})`)
  const last = journal.at(-1)
  if (last === undefined) return probe(name, 'WARN', 'sent.jsonl has no line that can be understood')
  const why = last.reason === undefined ? '' : ` (${last.reason})`
  const words = `last of ${counted(journal.length, 'line')}: ${last.event ?? 'an event'} ${last.verdict}${why} ${clockTimeAgo(last.at, nowMs)}`
  return probe(name, last.verdict === 'accepted' ? 'PASS' : 'WARN', words)
}

/** A line for each destination that is remembered; one that says so if none is. */
export function judgeBackoff(backoff: Backoff, nowMs: number): readonly Probe[] {
  const name = 'back-off'
  const probes = Object.entries(backoff).flatMap(([key, entry]): Probe[] => {
    const host = hostOfKey(key)
    if (entry.not_before !== null && !isWaiting(entry, nowMs) && Date.parse(entry.not_before) > nowMs)
      return [probe(name, 'WARN', `${host}: dated ${entry.not_before}, too far ahead to be believed, and ignored`)]
    const words = backOffInWords(entry, nowMs)
    if (words === null) return []
    return [probe(name, isHeldUp(entry, nowMs) ? 'FAIL' : 'WARN', `${host} ${words}`)]
  })
  return probes.length === 0 ? [probe(name, 'PASS', 'none')] : probes
}

export function isHeldUp(entry: Backoff[string], nowMs: number): boolean {
  return entry.failures > 0 || isWaiting(entry, nowMs)
}

export function lastAccepted(journal: readonly JournalEntry[]): JournalEntry | null {
  return journal.findLast(({ verdict }) => verdict === 'accepted') ?? null
}

function some(count: number, noun: string, words: string): string[] {
  return count === 0 ? [] : [`${counted(count, noun)} ${words}`]
}

function pidsOf(begun: readonly { readonly pid: number }[]): string {
  const pids = begun.slice(0, 3).map(({ pid }) => `pid ${pid}`)
  return [...pids, ...(begun.length > 3 ? ['…'] : [])].join(', ')
}
