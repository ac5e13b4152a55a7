/** Where two signals cannot both be true, which one lies, and what is so instead. Pure. */
import type { StatusReport } from '../status.ts'
import { hostOfKey, reasonInWords } from '../back-off-words.ts'
import { clockTimeAgo, counted } from '../in-words.ts'
import type { Backoff } from '../../reporter/backoff.ts'
import type { DirectoryFacts } from './directory.ts'
import { isReachable } from './judge-reach.ts'
import { isHeldUp, lastAccepted } from './judge-spool.ts'
import type { Step } from './reach-step.ts'
import { type Contradiction, reporterContradictions } from './reporter-contradictions.ts'
import type { ReporterFacts } from './reporter-facts.ts'
import type { StartFacts } from './reporter-start.ts'
import type { SpoolFacts } from './spool-facts.ts'

export interface DeepFacts {
  readonly nowMs: number
  /** What plain `status` says. */
  readonly report: Pick<StatusReport, 'delivery' | 'unusable' | 'lastReporter'>
  readonly directory: DirectoryFacts
  readonly reporter: ReporterFacts
  readonly spool: SpoolFacts
  readonly backoff: Backoff
  /** Last change of `backoff.json`. */
  readonly backoffAtMs: number | null
  readonly start: StartFacts
  readonly steps: readonly Step[]
}

/** As long as an acceptance says something of the present. */
const RECENT_MS = 10 * 60_000

export function findContradictions(facts: DeepFacts): readonly Contradiction[] {
  return [
    ...reporterContradictions(facts.reporter, facts.nowMs),
    ...ofSpool(facts),
    ...ofBackoff(facts),
    ...ofEndpoint(facts),
    ...ofSummary(facts),
  ]
}

/** A reporter writes the journal first and deletes then: one that is killed in between leaves both. */
function ofSpool({ spool: { waiting, journal }, reporter: { lock } }: DeepFacts): Contradiction[] {
  if (lock.holder?.verdict === 'alive') return []
  const settled = new Map(journal.map(({ uuid, verdict }) => [uuid, verdict]))
  const both = waiting.filter(({ uuid }) => settled.has(uuid))
  const one = both[0]
  if (one === undefined) return []
  const it = both.length === 1 ? 'it' : 'them'
  return [
    {
      lies: 'waiting',
      because: `${counted(both.length, 'event')} in pending/ ${both.length === 1 ? 'is' : 'are'} ${settled.get(one.uuid)} in the journal: a reporter was killed before it could delete ${it}. Sent again under the same uuid, ${it} will count once.`,
    },
  ]
}

/** The back-off has no time of its own but the file's: what was accepted after that proves it wrong. */
function ofBackoff({ backoff, backoffAtMs, spool, steps, nowMs }: DeepFacts): Contradiction[] {
  const held = Object.entries(backoff).filter(([, entry]) => isHeldUp(entry, nowMs))
  const accepted = lastAccepted(spool.journal)
  const lies = 'backoff.json'
  return held.flatMap(([key, entry]): Contradiction[] => {
    const host = hostOfKey(key)
    const says = `it says that ${host} fails (${reasonInWords(entry)})`
    if (isReachable(host, steps))
      return [
        { lies, because: `${says}, but it answers now: that was earlier. 'afterword flush' does not wait for it.` },
      ]
    const isOlder = accepted !== null && backoffAtMs !== null && Date.parse(accepted.at) > backoffAtMs
    return isOlder && held.length === 1
      ? [
          {
            lies,
            because: `${says}, but the journal has an event accepted after that, ${clockTimeAgo(accepted.at, nowMs)}: a reporter was killed before it could take it back.`,
          },
        ]
      : []
  })
}

function ofEndpoint({ report, spool, steps, nowMs }: DeepFacts): Contradiction[] {
  const accepted = lastAccepted(spool.journal)
  const host = report.lastReporter?.['host']
  const wasAsked = typeof host === 'string' && steps.some((step) => step.host === host)
  if (accepted === null || nowMs - Date.parse(accepted.at) > RECENT_MS || !wasAsked || isReachable(host, steps))
    return []
  return [
    {
      lies: 'delivered',
      because: `an event was accepted ${clockTimeAgo(accepted.at, nowMs)}, but ${host} does not answer as it should now: that was earlier.`,
    },
  ]
}

/** What plain `status` says, against what was tried. */
function ofSummary({ report, directory, spool, start }: DeepFacts): Contradiction[] {
  const found: Contradiction[] = []
  const { write } = directory
  if (report.unusable === null && write !== null && write !== 'not-tried')
    found.push({
      lies: 'directory',
      because: `status finds nothing wrong with it, but a write to telemetry/ fails (${write}).`,
    })
  const failed = start.kind === 'not-started' || (start.kind === 'ended' && start.code !== 0)
  if (report.delivery !== 'spool-only' && failed)
    found.push({
      lies: 'delivery',
      because: `status says ${report.delivery}, but a reporter that was started to see did not run.`,
    })
  const dead = spool.begun.filter(({ verdict }) => verdict === 'gone').length
  if (dead > 0)
    found.push({
      lies: 'waiting',
      because: `status counts ${counted(dead, 'command')} as running or ended without a word; ${dead === 1 ? 'its process is' : 'their processes are'} gone, and ${dead === 1 ? 'it is' : 'they are'} sent as crashed.`,
    })
  const { length } = spool.unpublished
  if (length > 0)
    found.push({
      lies: 'waiting',
      because: `status counts ${counted(length, 'finished event')} as running: in-flight/ holds what only wants its last rename.`,
    })
  return found
}
