/** Everything that `status --deep` judges, read and tried. What may not be done where consent is off is not done. */
import { lstatSync } from 'node:fs'
import { readSmallFile } from '../../files/read-small-file.ts'
import { type Backoff, parseBackoff } from '../../reporter/backoff.ts'
import type { Destination } from '../../reporter/reporter-task.ts'
import { type SpoolLayout, spoolLayout } from '../../spool/spool-layout.ts'
import { readStatus } from '../../tracker/tracker-status.ts'
import { type Place, standInsOf } from '../place.ts'
import { readReport, type StatusReport } from '../status.ts'
import type { DeepFacts } from './contradictions.ts'
import { judgeRegion, resolveDestinations } from './destinations.ts'
import { type DirectoryFacts, readDirectory } from './directory.ts'
import { reach } from './reach.ts'
import { readReporter } from './reporter-facts.ts'
import { startWithoutTask } from './reporter-start.ts'
import { readSpool } from './spool-facts.ts'
import { readUsage, type UsageFacts } from './usage-file.ts'

export interface Looked extends DeepFacts {
  readonly report: StatusReport
  /** Whose files were looked at: a stand-in's, if the directory itself cannot be used and there is one. */
  readonly directoryInUse: string
  readonly usage: UsageFacts
  readonly destinations: readonly Destination[]
}

export async function readDeep(place: Place, given: Partial<Destination>): Promise<Looked> {
  const { allowed } = readStatus(place, {}).consent
  const directory = readDirectory(place.directory, allowed)
  const directoryInUse = chooseDirectory(place, directory)
  const layout = spoolLayout(directoryInUse)
  const destinations = readDestinations(layout, place, given)
  // What takes its time goes first, so that all the rest is of one moment.
  const hosts = destinations.map(({ host }) => host).filter((host) => judgeRegion(host).verdict !== 'FAIL')
  const [steps, start] = allowed
    ? await Promise.all([reach([...new Set(hosts)]), startWithoutTask()])
    : [[], { kind: 'skipped' } as const]
  const nowMs = Date.now()
  return {
    nowMs,
    directory,
    directoryInUse,
    destinations,
    steps,
    start,
    report: readReport(place),
    reporter: readReporter(layout),
    spool: readSpool(layout),
    usage: readUsage(layout, nowMs),
    backoff: readBackoff(layout),
    backoffAtMs: changedAtMs(layout.backoff),
  }
}

function chooseDirectory(place: Place, { unusable, write, path }: DirectoryFacts): string {
  const cannot = unusable !== null || (write !== null && write !== 'not-tried')
  return (cannot ? standInsOf(place)[0] : undefined) ?? path ?? ''
}

function readDestinations(layout: SpoolLayout, place: Place, given: Partial<Destination>): readonly Destination[] {
  const { waiting, begun, unpublished } = readSpool(layout)
  const { lastReporter } = readStatus({ ...place, directory: layout.directory }, {})
  const events = [...begun.map(({ envelope }) => envelope), ...unpublished, ...waiting]
  return resolveDestinations(given, { waiting: events, backoff: readBackoff(layout), lastReporter })
}

function readBackoff(layout: SpoolLayout): Backoff {
  const file = readSmallFile(layout.backoff)
  return file.kind === 'text' ? parseBackoff(file.text) : {}
}

function changedAtMs(path: string): number | null {
  try {
    return lstatSync(path).mtimeMs
  } catch {
    return null // none, or not to be looked at: then nothing is concluded from its age
  }
}
