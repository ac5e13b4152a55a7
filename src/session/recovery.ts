/**
 * Speaking for sessions whose tracer is gone: claim, read, write the summary, hand over the event, move to `done/`. Runs in the
 * reporter (20 sessions and 1 s a run) and in `afterword sessions recover`. It kills nothing, and deletes nothing.
 *
 * Race R23: two recover at once. The claim is a rename: who gets ENOENT has lost.
 * Race R24: a recoverer killed in `recovering/` leaves its claim. After a minute another takes it, again by rename; what was handed
 * over already is handed over again under the same uuid, with the same content.
 * Race R25: an owner that finishes between our look and our claim has moved the directory itself, or finds it moved and stops; the
 * summary that is there is the one that counts.
 */
import fs from 'node:fs'
import { isUuid } from '../events/envelope.ts'
import type { EventSink } from '../events/event-sink.ts'
import { errorCode, readSmallFile } from '../files/read-small-file.ts'
import { currentInstance, type InstanceVerdict, judgeInstance, probeProcess } from '../platform/process-instance.ts'
import { countersSince } from './counters-at-start.ts'
import { makeFolder } from './make-folder.ts'
import { askOwner } from './owner-socket.ts'
import { readTrace } from './read-trace.ts'
import { isAlien, judgeRecoveredOom, type Left, recoveredSummary } from './recovered-summary.ts'
import {
  decideClaim,
  decideEnd,
  type LeftFacts,
  RECOVERY_AGES,
  type RecoveryVerdict,
  UNCLAIMED_VERDICTS,
} from './recovery-gates.ts'
import { type SessionBounds, SESSION_BOUNDS, tidySessions } from './retention.ts'
import {
  RECORD_FILE,
  type SessionsLayout,
  sessionsLayout,
  SOCKET_FILE,
  SUMMARY_FILE,
  TRACE_FILE,
} from './session-layout.ts'
import { type ParsedRecord, parseSessionRecord, type SessionRecord } from './session-record.ts'
import { appendToIndex, namesIn } from './sessions-index.ts'
import { parseSummary, sessionSummarized, type SessionSummary } from './summary.ts'
import { writeSummary } from './write-summary.ts'

export interface RecoverOptions {
  /** The state directory, as for runSession: sessions are in its `telemetry/sessions`. */
  readonly directory: string
  /** Gets the recovered summaries' events. @default null, they stay on disk */
  readonly sink?: EventSink | null
  /** Asked before each session; false ends the run. @default always true */
  readonly mayGoOn?: () => boolean
  /** @default 20 */
  readonly sessionsMax?: number
  /** Of wall time; the first directory is looked at in any case. @default 1000: on a busy machine a reporter, modest as it is, hardly runs */
  readonly budgetMs?: number
  /** For tests. @default SESSION_BOUNDS */
  readonly bounds?: SessionBounds
  /** For tests. @default Date.now */
  readonly now?: () => number
}

export type RecoveryCounts = { readonly [verdict in RecoveryVerdict]?: number }

/** How many directories got which verdict. Never rejects. */
export async function recoverSessions(options: RecoverOptions): Promise<RecoveryCounts> {
  const { directory, sink = null, sessionsMax = 20, budgetMs = 1000, now = Date.now, mayGoOn = () => true } = options
  const layout = sessionsLayout(`${directory}/telemetry/sessions`)
  const counts: { [verdict in RecoveryVerdict]?: number } = {}
  const count = (verdict: RecoveryVerdict): void => {
    counts[verdict] = (counts[verdict] ?? 0) + 1
  }
  const until = now() + budgetMs
  let looked = 0
  let claimed = 0
  const mayClaim = (): boolean => claimed < sessionsMax && (looked === 0 || now() <= until) && mayGoOn()
  const here = currentInstance()
  const run: Run = { layout, here, sink, nowMs: now() }
  for (const name of namesIn(layout.live)) {
    if (!mayClaim()) break
    looked += 1
    const verdict = await recoverOne(run, name)
    if (!UNCLAIMED.has(verdict)) claimed += 1
    count(verdict)
  }
  for (const name of namesIn(layout.recovering)) {
    if (!mayClaim()) break
    const verdict = recoverAbandoned(run, name)
    if (verdict === null) continue
    claimed += 1
    count(verdict)
  }
  if (mayGoOn()) tidy(layout, options, run.nowMs)
  return counts
}

interface Run {
  readonly layout: SessionsLayout
  readonly here: ReturnType<typeof currentInstance>
  readonly sink: EventSink | null
  readonly nowMs: number
}

const UNCLAIMED: ReadonlySet<RecoveryVerdict> = new Set(UNCLAIMED_VERDICTS)

async function recoverOne(run: Run, name: string): Promise<RecoveryVerdict> {
  const { layout } = run
  const path = `${layout.live}/${name}`
  try {
    const facts = await lookAt(run, path, name)
    if (facts === null) return 'claimed_elsewhere'
    const decision = decideClaim(facts)
    if (decision.kind === 'quarantine') moveTo(layout.quarantine, path, name)
    if (decision.kind !== 'claim') return decision.verdict
    const claim = `${name}.${process.pid}`
    return moveTo(layout.recovering, path, claim)
      ? speakFor(run, `${layout.recovering}/${claim}`, name)
      : 'claimed_elsewhere'
  } catch {
    return 'failed' // a full disk, a folder that takes no writes: what was claimed is found again
  }
}

/** Null: not ours to take yet, or taken by another. */
function recoverAbandoned(run: Run, claim: string): RecoveryVerdict | null {
  const [name = '', pid = ''] = claim.split('.')
  const path = `${run.layout.recovering}/${claim}`
  try {
    const stat = fs.lstatSync(path, { throwIfNoEntry: false })
    if (!isUuid(name) || !/^\d+$/.test(pid) || stat?.isDirectory() !== true) return null
    // Its rename is the last thing that changed the inode.
    if (Math.abs(run.nowMs - stat.ctimeMs) < RECOVERY_AGES.claimMs) return null
    const mine = `${name}.${process.pid}`
    return moveTo(run.layout.recovering, path, mine) ? speakFor(run, `${run.layout.recovering}/${mine}`, name) : null
  } catch {
    return 'failed'
  }
}

async function lookAt(run: Run, path: string, name: string): Promise<LeftFacts | null> {
  const stat = fs.lstatSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return null
  const isOurs = process.getuid === undefined || (stat.uid === process.getuid() && (stat.mode & 0o022) === 0)
  const entry = stat.isSymbolicLink() ? 'symlink' : stat.isDirectory() && isOurs ? 'private-directory' : 'other'
  const inside = entry === 'private-directory'
  const record = inside ? readRecord(path) : ({ kind: 'absent' } as const)
  const known = record.kind === 'record' ? record.record : null
  const changedMs = inside ? Math.max(stat.mtimeMs, mtimeOf(`${path}/${TRACE_FILE}`)) : stat.ctimeMs
  return {
    entry,
    name,
    isNamedByUuid: isUuid(name),
    ageMs: Math.abs(run.nowMs - changedMs),
    record,
    owner: inside ? await askOwner(known?.owner_socket ?? `${path}/${SOCKET_FILE}`) : 'no-socket',
    isSameBoot: known === null || known.boot_id === run.here.boot_id,
    tracer: known === null ? 'unknown' : judgeInstance(known.tracer, run.here, probeProcess),
  }
}

/** What we have claimed. Throws errno errors. */
function speakFor(run: Run, path: string, name: string): RecoveryVerdict {
  const { layout, sink } = run
  const parsed = readRecord(path)
  if (parsed.kind !== 'record' || parsed.record.session_id !== name) {
    moveTo(layout.quarantine, path, name)
    return 'alien'
  }
  const { record } = parsed
  const isSameBoot = record.boot_id === run.here.boot_id
  const left: Left = {
    record,
    trace: readTrace(`${path}/${TRACE_FILE}`),
    counters: isSameBoot ? countersSince(record.counters) : null,
  }
  const written = readSmallFile(`${path}/${SUMMARY_FILE}`)
  const summaryThere = written.kind === 'text' ? parseSummary(written.text) : null
  const { verdict, termination } = decideEnd({
    hasSummary: summaryThere !== null && summaryThere.session_id === name,
    isAlien: isAlien(record, left.trace),
    isSameBoot,
    target: judgeTarget(record, run),
    oomKill: judgeRecoveredOom(left),
  })
  if (verdict === 'alien') {
    moveTo(layout.quarantine, path, name)
    return verdict
  }
  const summary = verdict === 'finished' && summaryThere !== null ? summaryThere : tell(path, left, termination)
  // Before the rename: what is in done/ has been handed over.
  sink?.(sessionSummarized(summary, record.attribution))
  removeSockets(path, record)
  if (!moveTo(layout.done, path, name)) return 'claimed_elsewhere'
  appendToIndex(layout, summary)
  return verdict
}

function tell(path: string, left: Left, termination: SessionSummary['termination_reason']): SessionSummary {
  const { summary, anomalies } = recoveredSummary(left, termination)
  writeSummary(path, summary, anomalies)
  return summary
}

function judgeTarget(record: SessionRecord, { here }: Run): InstanceVerdict {
  const { pid, starttime_ticks: start_ticks, boot_id, pid_namespace, host_name } = record
  if (pid === null) return 'unknown'
  return judgeInstance({ pid, start_ticks, boot_id, pid_namespace, host_name }, here, probeProcess)
}

function readRecord(path: string): ParsedRecord | { readonly kind: 'absent' } {
  const file = readSmallFile(`${path}/${RECORD_FILE}`)
  if (file.kind === 'absent') return file
  return file.kind === 'text' ? parseSessionRecord(file.text) : { kind: 'torn' }
}

function removeSockets(path: string, { owner_socket, session_id }: SessionRecord): void {
  fs.rmSync(`${path}/${SOCKET_FILE}`, { force: true })
  const isOurs = owner_socket?.endsWith(`/afterword-${session_id}.sock`) === true
  if (owner_socket !== null && isOurs && fs.lstatSync(owner_socket, { throwIfNoEntry: false })?.isSocket() === true)
    fs.rmSync(owner_socket, { force: true })
}

/** False: it is not there any more. */
function moveTo(folder: string, from: string, name: string): boolean {
  makeFolder(folder)
  try {
    fs.renameSync(from, `${folder}/${name}`)
    return true
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false
    throw error
  }
}

function mtimeOf(path: string): number {
  return fs.lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

function tidy(layout: SessionsLayout, { bounds = SESSION_BOUNDS }: RecoverOptions, nowMs: number): void {
  try {
    tidySessions(layout, { nowMs, bounds })
  } catch {
    // a folder that takes no writes: the next run tries again
  }
}
