/** What `sessions recover` found and did, a verdict a line. Pure. */
import type { RecoveryVerdict } from '../session/recovery-gates.ts'
import type { RecoveryCounts } from '../session/recovery.ts'
import { type Cell, inColumns } from './columns.ts'
import type { Paint } from './screen.ts'

const WORDS: Readonly<Record<RecoveryVerdict, string>> = {
  recovered: 'tracer and workload are gone: summary written',
  tracer_lost: 'the tracer is gone, the workload lives on and is left alone: summary written',
  reboot: 'the machine was started again in between: summary written',
  finished: 'its tracer had written the summary: handed over',
  live: 'its tracer answers: left',
  too_young: 'just being made: left',
  not_enrolled: 'never said what it is: left for a day, then set aside',
  foreign: 'no private directory of ours, named by a UUID: left for a day, then set aside',
  symlink: 'never followed: left for a day, then set aside',
  torn: 'its session.json cannot be read: left for a day, then set aside',
  future_schema: 'written by a newer version: left to it',
  elsewhere: "another machine's or container's, as far as can be seen: left for a day",
  claimed_elsewhere: 'somebody else was faster',
  alien: 'what it holds is not what its record says: set aside',
  failed: 'could not be written: tried again later',
}

export function recoveryInWords(counts: RecoveryCounts, paint: Paint): string {
  const rows = (Object.keys(WORDS) as RecoveryVerdict[]).flatMap((verdict): Cell[][] => {
    const count = counts[verdict] ?? 0
    return count === 0
      ? []
      : [[String(count), verdict === 'failed' ? ['red', verdict] : verdict, ['dim', WORDS[verdict]]]]
  })
  return rows.length === 0 ? 'Nothing to recover\n' : inColumns(rows, paint)
}
