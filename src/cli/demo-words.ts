/** How the demo's result is printed. Pure. */
import type { JournalEntry } from '../spool/journal.ts'
import { type Cell, inColumns, shortId, wrapped } from './columns.ts'
import { type Check, isPerson } from './demo-checks.ts'
import type { Cost } from './demo-cost.ts'
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

export function costWords(cost: Cost, screen: Screen): string {
  const { pairs, onMs, offMs, addedMs, addedFromMs, addedToMs, launches } = cost
  const text =
    `Telemetry added ${addedMs} ms to a command of ${offMs} ms (with it ${onMs} ms): median of ${pairs} interleaved pairs with ` +
    `and without, wall time of the process; half of the pairs between ${addedFromMs} and ${addedToMs} ms. ${launches} of the ` +
    `${pairs} had to start a reporter, the others found one at work.`
  return `${wrapped(text, width(screen))}\n`
}

export function width({ columns }: Screen): number {
  return Math.min(columns, 100)
}
