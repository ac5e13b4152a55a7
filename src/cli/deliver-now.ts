/**
 * Runs reporters over one spool until nothing waits or one made no progress, without waiting for the back-off. One at a time: while
 * another holds the lock it is waited for, and no holder outlives 12 s.
 */
import { randomUUID } from 'node:crypto'
import { packageFile } from '../platform/package-files.ts'
import { probeProcess } from '../platform/process-instance.ts'
import { killSurvivor } from '../reporter/kill-survivor.ts'
import { launchReporter } from '../reporter/launch.ts'
import { REPORTER_LIMITS } from '../reporter/limits.ts'
import { parseLock } from '../reporter/reporter-lock.ts'
import type { Destination } from '../reporter/reporter-task.ts'
import { listWaiting } from '../spool/bounds.ts'
import { readJournal } from '../spool/journal.ts'
import { type SpoolLayout, spoolLayout } from '../spool/spool-layout.ts'
import { consentFiles } from '../tracker/consent-now.ts'
import type { Place } from './place.ts'
import { readUnfinished, readWaiting } from './waiting.ts'

export interface DeliveryCounts {
  readonly delivered: number
  readonly rejected: number
  readonly waiting: number
}

export interface DeliverySeams {
  readonly place: Place
  readonly directory: string
  readonly destination: Partial<Destination>
  readonly say: (counts: DeliveryCounts, doing: 'delivering' | 'waiting for another reporter') => void
}

const LOOK_MS = 50

/** `failure`: no reporter could be started, and why. */
export async function deliverNow(seams: DeliverySeams): Promise<DeliveryCounts & { readonly failure: string | null }> {
  const layout = spoolLayout(seams.directory)
  const foreign = listWaiting(layout.pending).length - readWaiting(layout).length
  const count = countSince(layout, new Date().toISOString(), foreign)
  let adopting = readUnfinished(layout).length > 0
  for (;;) {
    const before = count()
    if (before.waiting === 0 && !adopting) return { ...before, failure: null }
    const token = randomUUID()
    const launch = launchReporter({
      layout,
      app: seams.place.app,
      destination: destinationOf(layout, seams.destination),
      consentFiles: consentFiles({ app: seams.place.app, directory: seams.place.directory ?? seams.directory }),
      reporterFile: packageFile(import.meta.url, 'reporter/main.cjs'),
      startInline: null,
      killSurvivor,
      patient: false,
      token,
      nowMs: Date.now(),
    })
    if (launch.kind === 'refused' && launch.reason === 'already-running') {
      seams.say(before, 'waiting for another reporter')
      await sleep(LOOK_MS)
      continue
    }
    if (launch.kind !== 'launched') return { ...before, failure: 'reason' in launch ? launch.reason : 'ended at once' }
    const hadWaiting = before.waiting > 0
    const deadline = Date.now() + REPORTER_LIMITS.lockStaleMs
    while (isAtWork(layout, token, launch.pid) && Date.now() < deadline) {
      const now = count()
      seams.say(now, 'delivering')
      // It adopts before it sends, so what it leaves empty is empty; it lingers by itself.
      if (hadWaiting && now.waiting === 0) break
      await sleep(LOOK_MS)
    }
    adopting = false
    const after = count()
    if (after.waiting === 0 || after.delivered + after.rejected === before.delivered + before.rejected)
      return { ...after, failure: null }
  }
}

/** Verdicts since then, kept by uuid: the journal may be shortened meanwhile. A newer version's files are not ours to count. */
function countSince(layout: SpoolLayout, sinceIso: string, foreign: number): () => DeliveryCounts {
  const verdicts = new Map<string, string>()
  return () => {
    const files = listWaiting(layout.pending)
    for (const { at, uuid, verdict } of readJournal(layout.journal))
      if (uuid !== null && at >= sinceIso) verdicts.set(uuid, verdict)
    const values = [...verdicts.values()]
    return {
      delivered: values.filter((verdict) => verdict === 'accepted').length,
      rejected: values.filter((verdict) => verdict === 'rejected').length,
      // The journal is written before the file is unlinked: what has a verdict waits no more.
      waiting: Math.max(0, files.filter(({ uuid }) => !verdicts.has(uuid)).length - foreign),
    }
  }
}

/** The newest envelope's, as a command's would be; what was said on the command line goes before it. */
function destinationOf(layout: SpoolLayout, given: Partial<Destination>): Destination {
  const newest = readWaiting(layout).at(-1)?.envelope ?? readUnfinished(layout).at(-1)
  return { apiKey: given.apiKey ?? newest?.api_key ?? '', host: given.host ?? newest?.host ?? '' }
}

function isAtWork(layout: SpoolLayout, token: string, pid: number): boolean {
  if (parseLock(layout.reporterLock)?.token !== token) return false
  const probe = probeProcess(pid)
  return probe !== null && probe.state !== 'Z' && probe.state !== 'X'
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
