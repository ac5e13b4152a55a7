/** `afterword flush`: deliver now, whatever the back-off says. No means no here too: where consent is off, nothing is sent. */
import { explainConsent, variableName } from '../consent/decide-consent.ts'
import { readSmallFile } from '../files/read-small-file.ts'
import { parseBackoff } from '../reporter/backoff.ts'
import type { Destination } from '../reporter/reporter-task.ts'
import { spoolLayout } from '../spool/spool-layout.ts'
import { consentNow } from '../tracker/consent-now.ts'
import { hostOfKey, reasonInWords } from './back-off-words.ts'
import { printable } from './columns.ts'
import { deliverNow, type DeliveryCounts } from './deliver-now.ts'
import { directoriesOf, type Place, whyUnusable } from './place.ts'
import { showProgress } from './progress.ts'
import type { Screens } from './screen.ts'
import { unusableInWords } from './unusable-words.ts'
import { readUnfinished, readWaiting } from './waiting.ts'

export interface FlushReport extends DeliveryCounts {
  /** Why something still waits. */
  readonly reasons: readonly string[]
  /** Commands that run, or whose process is not known to be gone. */
  readonly running: number
}

export async function flush(
  place: Place,
  { json, destination }: { readonly json: boolean; readonly destination: Partial<Destination> },
  { out, err }: Screens,
): Promise<number> {
  const directories = directoriesOf(place)
  const consent = consentNow(place)
  const report = consent.allowed
    ? await deliver(place, directories, destination, err)
    : {
        ...NONE,
        waiting: countWaiting(directories),
        reasons: [explainConsent(consent, variableName(place.app), spoolLayout(place.directory ?? '').consent)],
        running: 0,
      }
  out.write(json ? `${JSON.stringify(report)}\n` : `${inWords(report)}\n`)
  return report.waiting === 0 ? 0 : 1
}

const NONE: DeliveryCounts = { delivered: 0, rejected: 0, waiting: 0 }

async function deliver(
  place: Place,
  directories: readonly string[],
  destination: Partial<Destination>,
  err: Screens['err'],
): Promise<FlushReport> {
  const progress = showProgress(err)
  let total = NONE
  const reasons: string[] = []
  for (const directory of directories) {
    const unusable = whyUnusable(directory)
    if (unusable !== null) {
      // A lock of ours in somebody else's directory would be in their way.
      total = add(total, { ...NONE, waiting: countWaiting([directory]) })
      reasons.push(unusableInWords(unusable, directory, variableName(place.app)))
      continue
    }
    const sum = total
    const { failure, ...counts } = await deliverNow({
      place,
      directory,
      destination,
      say: (now, doing) => progress.say(`${doing}: ${countsInWords(add(sum, now))}`),
    })
    total = add(sum, counts)
    if (failure !== null) reasons.push(`no reporter could be started: ${failure}`)
    else if (counts.waiting > 0) reasons.push(...reasonsIn(directory))
  }
  progress.end()
  const running = directories.reduce((count, each) => count + readUnfinished(spoolLayout(each)).length, 0)
  return { ...total, reasons: [...new Set(reasons)], running }
}

function reasonsIn(directory: string): readonly string[] {
  const file = readSmallFile(spoolLayout(directory).backoff)
  const entries = Object.entries(file.kind === 'text' ? parseBackoff(file.text) : {})
  const failing = entries.filter(
    ([, { failures, not_before, suspects }]) => failures > 0 || not_before !== null || suspects,
  )
  return failing.map(([key, entry]) => `${hostOfKey(key)}: ${reasonInWords(entry)}`)
}

function inWords(report: FlushReport): string {
  const why = report.reasons.length === 0 ? '' : ` (${report.reasons.map(printable).join('; ')})`
  const rejected = report.rejected === 0 ? '' : ". 'afterword log' says why they were rejected"
  return `${countsInWords(report)}${why}${rejected}`
}

function countsInWords({ delivered, rejected, waiting }: DeliveryCounts): string {
  return `${delivered} delivered, ${rejected} rejected, ${waiting} waiting`
}

function add(a: DeliveryCounts, b: DeliveryCounts): DeliveryCounts {
  return { delivered: a.delivered + b.delivered, rejected: a.rejected + b.rejected, waiting: a.waiting + b.waiting }
}

function countWaiting(directories: readonly string[]): number {
  return directories.reduce((count, directory) => count + readWaiting(spoolLayout(directory)).length, 0)
}
