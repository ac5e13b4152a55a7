/** How the demo's result is printed. Pure. */
import type { JournalEntry } from '../spool/journal.ts'
import { type Cell, inColumns, shortId, wrapped } from './columns.ts'
import { type Check, isPerson } from './demo-checks.ts'
import type { Cost, Costs } from './demo-cost.ts'
import type { Story } from './demo-story.ts'
import type { Screen } from './screen.ts'

export function storyTable({ steps }: Story, journal: readonly JournalEntry[], { paint }: Screen): string {
  const accepted = new Set(journal.filter(({ verdict }) => verdict === 'accepted').map(({ uuid }) => uuid))
  const head = ['', 'acme …', 'EVENT', 'IDENTITY', 'PERSON', 'ACCEPTED'].map((name): Cell => ['dim', name])
  const rows = steps.flatMap(({ step, events }, index): Cell[][] => {
    const [first, ...others] = events.map((event): Cell[] => [
      event.event,
      shortId(event.distinct_id),
      isPerson(event) ? 'person' : 'anonymous',
      accepted.has(event.uuid) ? ['green', 'yes'] : ['red', 'no'],
    ])
    return [
      [String(index + 1), step.did, ...(first ?? [['dim', 'nothing'] as const])],
      ...others.map((cells): Cell[] => ['', '', ...cells]),
    ]
  })
  return inColumns([head, ...rows], paint)
}

export function checkLines(checks: readonly Check[], screen: Screen): string {
  return checks
    .map(({ holds, claim, seen }) => {
      const mark = holds ? screen.paint('green', '✓') : screen.paint('red', '✗')
      const text = holds ? claim : `NOT SO: ${claim} Seen: ${seen}`
      return `${mark} ${wrapped(text, width(screen) - 2, 0).replaceAll('\n', '\n  ')}\n`
    })
    .join('')
}

export function costWords({ inBurst, alone }: Costs, screen: Screen): string {
  const text =
    `Telemetry added ${added(inBurst)} to a command of ${inBurst.offMs} ms ${spread(inBurst)}, and ${added(alone)} ` +
    `where it had to start a reporter ${spread(alone)}. Wall time of the process, pairs with and without it in turns.`
  return `${wrapped(text, width(screen))}\n`
}

/** A machine that is busy with other things hides it. */
function added({ addedMs, addedFromMs }: Cost): string {
  return addedFromMs > 0 ? `${addedMs} ms` : 'no more than the noise of this machine'
}

function spread({ pairs, addedMs, addedFromMs, addedToMs }: Cost): string {
  return `(${pairs} pairs, median ${addedMs}, half of them ${addedFromMs} to ${addedToMs} ms)`
}

export function width({ columns }: Screen): number {
  return Math.min(columns, 100)
}
