/** `afterword log`: the journal (accepted, rejected, dropped) and then what waits. Reads only. */
import { readSmallFile } from '../files/read-small-file.ts'
import { type Backoff, destinationKey, isWaiting, parseBackoff } from '../reporter/backoff.ts'
import { type JournalEntry, readJournal } from '../spool/journal.ts'
import { spoolLayout } from '../spool/spool-layout.ts'
import { reasonInWords } from './back-off-words.ts'
import { type Cell, inColumns, shortId } from './columns.ts'
import { clockTime } from './in-words.ts'
import { directoriesOf, type Place } from './place.ts'
import type { Paint, Screens, Style } from './screen.ts'
import { commandNameOf, readWaiting, type Waiting } from './waiting.ts'

/** A line of `--json`: the journal's own, and the same for what waits. `at`: of the verdict; of the recording for what waits. */
export type LogLine = Omit<JournalEntry, 'verdict'> & { readonly verdict: JournalEntry['verdict'] | 'waiting' }

export function log(place: Place, { json }: { readonly json: boolean }, { out, err }: Screens): number {
  const lines = readLog(directoriesOf(place), Date.now())
  if (json) out.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  else if (lines.length > 0) out.write(logTable(lines, Date.now(), out.paint))
  else err.write(`Nothing of ${place.app} has been sent or dropped, and nothing waits.\n`)
  return 0
}

/** Newest last, what waits after what is settled. */
function readLog(directories: readonly string[], nowMs: number): readonly LogLine[] {
  const layouts = directories.map(spoolLayout)
  const settled = layouts.flatMap((layout) => readJournal(layout.journal))
  const waiting = layouts.flatMap((layout) => {
    const file = readSmallFile(layout.backoff)
    const backoff = file.kind === 'text' ? parseBackoff(file.text) : {}
    return readWaiting(layout).map((each) => waitingLine(each, backoff, nowMs))
  })
  const byTime = (a: LogLine, b: LogLine): number => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)
  return [...settled.sort(byTime), ...waiting.sort(byTime)]
}

function logTable(lines: readonly LogLine[], nowMs: number, paint: Paint): string {
  const head = ['TIME', 'EVENT', 'COMMAND', 'WHO', 'VERDICT', 'REASON'].map((name): Cell => ['dim', name])
  const rows = lines.map((line): Cell[] => [
    clockTime(line.at, nowMs),
    line.event ?? '-',
    line.command ?? '',
    line.distinct_id === undefined ? '' : shortId(line.distinct_id),
    [VERDICT_STYLES[line.verdict] ?? 'dim', line.verdict],
    line.reason ?? '',
  ])
  return inColumns([head, ...rows], paint)
}

const VERDICT_STYLES: { readonly [verdict in LogLine['verdict']]: Style } = {
  accepted: 'green',
  rejected: 'red',
  dropped: 'red',
  waiting: 'yellow',
}

function waitingLine({ envelope, bytes }: Waiting, backoff: Backoff, nowMs: number): LogLine {
  const { uuid, timestamp, event, distinct_id, properties, host, api_key } = envelope
  const command = commandNameOf(properties)
  const entry = backoff[destinationKey(host, api_key)]
  const held = entry?.suspects?.[uuid] ?? entry
  const reason = entry !== undefined && held !== undefined && isWaiting(held, nowMs) && held.not_before !== null
  return {
    at: timestamp,
    verdict: 'waiting',
    uuid,
    event,
    ...(command === '' ? {} : { command }),
    distinct_id,
    bytes,
    ...(reason ? { reason: `until ${clockTime(held.not_before, nowMs)}: ${reasonInWords(entry)}` } : {}),
  }
}
