/**
 * One pass over `pending/`: read, send, judge, journal, unlink. The decisions are delivery.ts's; this does them.
 *
 * A SIGKILL leaves, between
 *   back-off written and answer   the file waits, and the back-off counts a failure
 *   answer and journal            the file waits, and is sent again under the same uuid
 *   journal and unlink            the same, and the journal has two lines
 */
import { type Envelope, parseEnvelope } from '../events/envelope.ts'
import { readSmallFile } from '../files/read-small-file.ts'
import { writeByRename } from '../files/write-by-rename.ts'
import { type DropCounts, dropFile, listWaiting } from '../spool/bounds.ts'
import { pendingPath, removeQuietly } from '../spool/in-flight.ts'
import { appendJournal, type JournalEntry } from '../spool/journal.ts'
import { noteDebug } from '../spool/debug-log.ts'
import type { SpoolLayout } from '../spool/spool-layout.ts'
import { type Backoff, type BackoffEntry, encodeBackoff, isWaiting, type Moment, parseBackoff } from './backoff.ts'
import { afterAnswer, nextRequest, type Verdict } from './delivery.ts'
import { addFiles, type DeliveryState, startDelivery } from './delivery-state.ts'
import type { PostHogSender } from './posthog-sender.ts'
import type { Destination } from './reporter-task.ts'
import { type Destination as Route, planDestinations } from './waiting-files.ts'

export interface DrainContext {
  readonly layout: SpoolLayout
  /** The launching command's: its host counts for everything that was recorded with its key. */
  readonly destination: Destination
  readonly patient: boolean
  /** False (a login's alias): its failure says nothing that other events should wait for. */
  readonly remembers: boolean
  readonly sender: PostHogSender
  readonly leftMs: () => number
  /** No request starts with less of the box left. */
  readonly leastLeftMs: number
  /** Consent, read afresh: asked before each request and each write. */
  readonly allowed: () => boolean
  /** Files that this run has tried; filled here. */
  readonly tried: Set<string>
  /** What is known of each destination in this run; filled here. */
  readonly routes: Map<string, DeliveryState>
  readonly drops: DropCounts
  readonly tally: Tally
}

export interface Tally {
  accepted: number
  rejected: number
  requests: number
}

interface Waiting {
  readonly envelope: Envelope
  readonly bytes: number
}

/** Tries every file that was not tried before, or `only` that one. True: there were some. */
export async function drain(context: DrainContext, only?: string): Promise<boolean> {
  const waiting = readPending(context, only)
  if (waiting.size === 0) return false
  const backoff = readBackoff(context.layout)
  for (const route of planDestinations([...waiting.values()], backoff)) {
    if (context.patient && isWaiting(backoff[route.key], Date.now())) continue
    await drainRoute(context, route, waiting, backoff[route.key])
  }
  return true
}

/** Whether something waits that this run has not tried: the last look. */
export function hasUntried(layout: SpoolLayout, tried: ReadonlySet<string>): boolean {
  return listWaiting(layout.pending).some(({ uuid }) => !tried.has(uuid))
}

function readPending(
  { layout, destination, tried, drops, allowed }: DrainContext,
  only?: string,
): Map<string, Waiting> {
  const waiting = new Map<string, Waiting>()
  for (const { uuid } of listWaiting(layout.pending)) {
    if (tried.has(uuid) || (only !== undefined && only !== uuid)) continue
    tried.add(uuid)
    const file = readSmallFile(pendingPath(layout, uuid))
    if (file.kind === 'absent') continue
    const parsed = file.kind === 'text' ? parseEnvelope(file.text) : { kind: 'torn' as const }
    // Files come here by rename: what is not whole never will be.
    if (parsed.kind === 'torn' && allowed()) dropFile(pendingPath(layout, uuid), drops, 'damaged')
    if (parsed.kind !== 'envelope' || parsed.envelope.uuid !== uuid) continue
    const { envelope } = parsed
    const host = envelope.api_key === destination.apiKey ? destination.host : envelope.host
    waiting.set(uuid, {
      envelope: { ...envelope, host },
      bytes: file.kind === 'text' ? Buffer.byteLength(file.text) : 0,
    })
  }
  return waiting
}

async function drainRoute(
  context: DrainContext,
  route: Route,
  waiting: ReadonlyMap<string, Waiting>,
  entry: BackoffEntry | undefined,
): Promise<void> {
  const { layout, sender, leftMs, allowed, tally, routes } = context
  const known = routes.get(route.key)
  let state = known === undefined ? startDelivery(route.files, entry, moment()) : addFiles(known, route.files)
  let onDisk = entry ?? null
  const remember = (next: BackoffEntry | null): void => {
    if (next === onDisk || !context.remembers || !allowed()) return
    onDisk = next
    writeBackoff(layout, route.key, next)
    takeBackAfterOff(context, layout.backoff)
  }
  for (;;) {
    if (leftMs() < context.leastLeftMs || !allowed()) break
    const request = nextRequest(state, moment())
    if (request === null) break
    remember(request.state.backoff)
    const batch = request.uuids.flatMap((uuid) => waiting.get(uuid)?.envelope ?? [])
    tally.requests += 1
    const answer = await sender.sendBatch(batch, { host: route.host, apiKey: route.apiKey, boxLeftMs: leftMs() })
    noteDebug(layout.debug, 'reporter', `${batch.length} to ${route.host}: ${JSON.stringify(answer).slice(0, 300)}`)
    const after = afterAnswer(request.state, answer, moment())
    state = after.state
    routes.set(route.key, state)
    if (!allowed()) return // `off` came while the request was on the wire: it erased what we would write
    settleVerdicts(context, after.verdicts, waiting)
    remember(state.backoff)
  }
  remember(state.backoff)
}

/** Race R54 (spool/report-drops.ts): `off` between our look at consent and a file that we then made anew. */
function takeBackAfterOff({ allowed }: DrainContext, path: string): void {
  if (!allowed()) removeQuietly(path)
}

function settleVerdicts(
  context: DrainContext,
  verdicts: readonly Verdict[],
  waiting: ReadonlyMap<string, Waiting>,
): void {
  const { layout, drops, tally } = context
  const settled = verdicts.filter(({ verdict }) => verdict === 'accepted' || verdict === 'rejected')
  appendJournal(
    layout.journal,
    settled.map((verdict) => journalEntry(verdict, waiting.get(verdict.uuid))),
  )
  takeBackAfterOff(context, layout.journal)
  for (const { uuid, verdict } of settled) {
    if (verdict === 'rejected') {
      tally.rejected += 1
      dropFile(pendingPath(layout, uuid), drops, 'rejected')
    } else {
      tally.accepted += 1
      removeQuietly(pendingPath(layout, uuid))
    }
  }
}

function journalEntry({ uuid, verdict, reason }: Verdict, file: Waiting | undefined): JournalEntry {
  const command = file?.envelope.properties['command_name']
  return {
    at: new Date().toISOString(),
    verdict: verdict === 'accepted' ? 'accepted' : 'rejected',
    uuid,
    event: file?.envelope.event ?? null,
    ...(typeof command === 'string' ? { command } : {}),
    ...(file === undefined ? {} : { distinct_id: file.envelope.distinct_id, bytes: file.bytes }),
    ...(reason === undefined ? {} : { reason }),
  }
}

function readBackoff(layout: SpoolLayout): Backoff {
  const file = readSmallFile(layout.backoff)
  return file.kind === 'text' ? parseBackoff(file.text) : {}
}

function writeBackoff(layout: SpoolLayout, key: string, entry: BackoffEntry | null): void {
  const { [key]: _, ...others } = readBackoff(layout)
  const next = entry === null ? others : { ...others, [key]: entry }
  try {
    if (Object.keys(next).length === 0) removeQuietly(layout.backoff)
    else writeByRename(layout.backoff, encodeBackoff(next))
  } catch {
    // A full disk: no back-off is remembered, and the next command tries again at once. Delivery itself goes on.
  }
}

function moment(): Moment {
  return { nowMs: Date.now(), random: Math.random }
}
