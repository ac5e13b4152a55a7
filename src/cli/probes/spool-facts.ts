/** What waits, what has begun, and what the journal says was settled. */
import { lstatSync } from 'node:fs'
import type { Envelope } from '../../events/envelope.ts'
import { readSmallFile } from '../../files/read-small-file.ts'
import { currentInstance, type InstanceVerdict, judgeInstance, probeProcess } from '../../platform/process-instance.ts'
import { listWaiting } from '../../spool/bounds.ts'
import { inFlightPath, parseInFlight } from '../../spool/in-flight.ts'
import { type JournalEntry, readJournal } from '../../spool/journal.ts'
import type { SpoolLayout } from '../../spool/spool-layout.ts'
import { readWaiting } from '../waiting.ts'

export interface BegunFacts {
  readonly verdict: InstanceVerdict
  readonly pid: number
  readonly envelope: Envelope
}

export interface SpoolFacts {
  /** Oldest first. */
  readonly waiting: readonly Envelope[]
  /** Files in `pending/` that are torn, or a newer version's. */
  readonly foreign: number
  readonly begun: readonly BegunFacts[]
  /** Finished, and never renamed to `pending/`: their command was killed in between. */
  readonly unpublished: readonly Envelope[]
  readonly tornBegun: number
  /** Newest last. */
  readonly journal: readonly JournalEntry[]
  /** Errno or a word of read-small-file.ts; null: it can be read, or there is none. */
  readonly journalUnreadable: string | null
  readonly journalThere: boolean
}

export function readSpool(layout: SpoolLayout): SpoolFacts {
  const waiting = readWaiting(layout).map(({ envelope }) => envelope)
  return {
    waiting,
    foreign: Math.max(0, listWaiting(layout.pending).length - waiting.length),
    ...readBegun(layout),
    journal: readJournal(layout.journal),
    ...lookAtJournal(layout.journal),
  }
}

function readBegun(layout: SpoolLayout): Pick<SpoolFacts, 'begun' | 'unpublished' | 'tornBegun'> {
  const here = currentInstance()
  const begun: BegunFacts[] = []
  const unpublished: Envelope[] = []
  let tornBegun = 0
  for (const { uuid } of listWaiting(layout.inFlight)) {
    const path = inFlightPath(layout, uuid)
    const file = readSmallFile(path)
    if (file.kind === 'absent') continue
    const parsed = file.kind === 'text' ? parseInFlight(file.text) : null
    if (parsed?.kind === 'record') {
      const { process, envelope } = parsed.record
      const verdict = judgeInstance(process, here, probeProcess)
      // It may have ended by itself between the two looks: then its record is gone, or another.
      const again = readSmallFile(path)
      if (again.kind === 'text' && again.text === (file.kind === 'text' ? file.text : ''))
        begun.push({ verdict, pid: process.pid, envelope })
    } else if (parsed?.kind === 'envelope') unpublished.push(parsed.envelope)
    else tornBegun += 1
  }
  return { begun, unpublished, tornBegun }
}

function lookAtJournal(path: string): Pick<SpoolFacts, 'journalThere' | 'journalUnreadable'> {
  try {
    const stat = lstatSync(path)
    if (!stat.isFile()) return { journalThere: true, journalUnreadable: 'not-a-plain-file' }
    const file = readSmallFile(path)
    const denied = file.kind === 'unreadable' && file.reason !== 'too-large' ? file.reason : null
    return { journalThere: true, journalUnreadable: denied }
  } catch {
    return { journalThere: false, journalUnreadable: null }
  }
}
