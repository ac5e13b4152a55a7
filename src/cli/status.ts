/** `afterword status`: may it report and what decided that, who is there, what waits, and how the last delivery went. Reads only. */
import { isCi } from '../consent/ci-rules.ts'
import { variableName } from '../consent/decide-consent.ts'
import { readSmallFile } from '../files/read-small-file.ts'
import { type Backoff, parseBackoff } from '../reporter/backoff.ts'
import { REPORTER_LIMITS } from '../reporter/limits.ts'
import { listWaiting } from '../spool/bounds.ts'
import { type JournalEntry, readJournal } from '../spool/journal.ts'
import { spoolLayout } from '../spool/spool-layout.ts'
import { readStatus, type TrackerStatus } from '../tracker/tracker-status.ts'
import { backOffInWords, hostOfKey } from './back-off-words.ts'
import { inPairs } from './columns.ts'
import { clockTimeAgo, counted, durationInWords } from './in-words.ts'
import { directoriesOf, type Place, standInsOf, whyUnusable } from './place.ts'
import type { Screens } from './screen.ts'
import { unusableInWords } from './unusable-words.ts'

export interface StatusReport extends Omit<TrackerStatus, 'outcomes' | 'backoff'> {
  readonly backoff: Backoff
  /** `not-ours`, `not-a-directory` or an errno code: nothing is recorded there. */
  readonly unusable: string | null
  /** The newest line of the journal that says `accepted`. */
  readonly lastDelivery: JournalEntry | null
  /** Folders that stood in for a directory that took no writes, and how much waits in each. */
  readonly standIns: readonly { readonly directory: string; readonly waiting: number }[]
}

export function status(place: Place, { json }: { readonly json: boolean }, { out }: Screens): number {
  const report = readReport(place)
  if (json) out.write(`${JSON.stringify(report, null, 2)}\n`)
  else out.write(inPairs(pairsOf(report, Date.now()), out.paint))
  return 0
}

export function readReport(place: Place): StatusReport {
  const { outcomes: _, ...status } = readStatus(place, {})
  const backoff = readSmallFile(spoolLayout(place.directory ?? '').backoff)
  return {
    ...status,
    backoff: backoff.kind === 'text' ? parseBackoff(backoff.text) : {},
    unusable: place.directory === null ? 'no-home' : whyUnusable(place.directory),
    lastDelivery: lastAccepted(directoriesOf(place)),
    standIns: standInsOf(place).map((directory) => ({
      directory,
      waiting: listWaiting(spoolLayout(directory).pending).length,
    })),
  }
}

/** Names and values, ready to be aligned. Pure but for the environment's CI variables. */
function pairsOf(report: StatusReport, nowMs: number): readonly (readonly [string, ...string[]])[] {
  const { app, directory, consent, identity, waiting, delivery, standIns } = report
  const unusable =
    report.unusable === null ? null : unusableInWords(report.unusable, directory ?? '', variableName(app))
  const hostDecides = `${app}'s own rule for CI is part of ${app} and not known here`
  return [
    ['app', app],
    ['directory', directory ?? 'none', ...(unusable === null ? [] : [`nothing is recorded: ${unusable}`])],
    ['consent', consent.explanation, ...(consent.source === 'ci' || isCi(process.env) ? [hostDecides] : [])],
    ['identity', identityInWords(identity, consent.allowed)],
    ['waiting', ...waitingInWords(waiting, nowMs)],
    ...standIns.map((each) => ['stand-in', `${each.directory}: ${waits(each.waiting)}`] as const),
    ['delivery', DELIVERY_WORDS[delivery]],
    ['back-off', ...backOffLines(report.backoff, nowMs)],
    ['reporter', reporterInWords(report.lastReporter, nowMs)],
    ['delivered', deliveredInWords(report.lastDelivery, nowMs)],
  ]
}

const DELIVERY_WORDS: { readonly [mode in TrackerStatus['delivery']]: string } = {
  detached: 'detached: a background process that lives at most 10 seconds',
  inline: 'inline: the command waits for it, at most 1.5 seconds',
  'spool-only': 'spool-only: no process can be started here, a later command delivers',
}

function identityInWords({ kind, anonId, principalId }: TrackerStatus['identity'], allowed: boolean): string {
  switch (kind) {
    case 'anonymous':
      return `anonymous ${anonId}`
    case 'linked':
      return `signed in as ${principalId} (installation ${anonId})`
    case 'none':
      return allowed ? 'none so far: the first command makes a random one' : 'none'
    case 'damaged':
      return 'damaged: the next command sets usage.json aside and makes a new one'
    case 'unreadable':
      return 'usage.json cannot be read, so nothing is recorded'
  }
}

function waitingInWords({ events, oldest, running }: TrackerStatus['waiting'], nowMs: number): string[] {
  const since = oldest === null ? '' : `, the oldest for ${durationInWords(nowMs - Date.parse(oldest))}`
  const begun = running === 0 ? [] : [`${counted(running, 'command')} running, or ended without a word`]
  return [`${waits(events)}${since}`, ...begun]
}

function waits(events: number): string {
  return events === 0 ? 'nothing' : counted(events, 'event')
}

function backOffLines(backoff: Backoff, nowMs: number): string[] {
  const lines = Object.entries(backoff).flatMap(([key, entry]) => {
    const words = backOffInWords(entry, nowMs)
    return words === null ? [] : [`${hostOfKey(key)} ${words}`]
  })
  return lines.length === 0 ? ['none'] : lines
}

function reporterInWords(last: TrackerStatus['lastReporter'], nowMs: number): string {
  if (last === null) return 'none so far'
  const { end, at, started_at, accepted, rejected, requests } = last
  const when = clockTimeAgo(String(at), nowMs)
  if (end === 'running')
    return nowMs - Date.parse(String(started_at)) > REPORTER_LIMITS.exitMs
      ? `cut short: started ${clockTimeAgo(String(started_at), nowMs)} and killed before its end`
      : `at work since ${when}`
  return `ended ${when}: ${String(accepted)} accepted, ${String(rejected)} rejected, ${counted(Number(requests), 'request')}`
}

function deliveredInWords(entry: JournalEntry | null, nowMs: number): string {
  if (entry === null) return 'nothing so far'
  const command = entry.command === undefined ? '' : ` of ${entry.command}`
  return `${entry.event ?? 'an event'}${command}, accepted ${clockTimeAgo(entry.at, nowMs)}`
}

function lastAccepted(directories: readonly string[]): JournalEntry | null {
  const accepted = directories
    .flatMap((directory) => readJournal(spoolLayout(directory).journal))
    .filter(({ verdict }) => verdict === 'accepted')
  return accepted.reduce<JournalEntry | null>((last, each) => (last !== null && last.at > each.at ? last : each), null)
}
