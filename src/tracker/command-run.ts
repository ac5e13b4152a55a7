/**
 * One command, from its begin record to its envelope. The end is synchronous (it may be inside 'exit' or a signal), never throws
 * and never prints; only a successful login waits, within one box of 2 s.
 */
import type { CommandFacts } from '../events/command-event.ts'
import type { Envelope } from '../events/envelope.ts'
import { type FilteredProperties, filterHostProperties } from '../events/host-properties.ts'
import type { DistinctId } from '../identity/identity.ts'
import { isoTime } from '../events/iso-time.ts'
import { currentInstance, type ProcessInstance } from '../platform/process-instance.ts'
import { hasBegun, inFlightPath, type InFlightRecord, removeQuietly, replace, writeBegun } from '../spool/in-flight.ts'
import { crashedEnvelope, type EndOfCommand, endedEnvelope } from './command-envelope.ts'
import type { CommandEnd, EndSignal } from './command-outcome.ts'
import { isStoredOff } from './consent-now.ts'
import { unwatchCommand, watchCommand } from './exit-hooks.ts'
import { type HandOver, handOver } from './hand-over.ts'
import type { HostWord } from './host-word.ts'
import { loadRarePaths } from './load-parts.ts'
import type { IdentityAtBegin } from './identity-at-begin.ts'
import { outcomeNow } from './outcome-now.ts'
import type { Ending } from './running-commands.ts'
import type { WhoAtEnd } from './who-at-end.ts'

export type IdentityAct = 'login' | 'logout'

export interface RunContext extends HandOver {
  readonly uuid: string
  readonly facts: CommandFacts
  readonly begin: IdentityAtBegin
  readonly act: IdentityAct | null
  /** What became of the record: shown by `status()`. */
  readonly count: (outcome: string) => void
}

/** A command that runs, as its host's handle and the end of the process see it. */
export interface CommandRun extends Ending {
  readonly context: RunContext
  readonly process: ProcessInstance
  readonly begunAt: string
  /** A `run` inside this one that signs in or out, and has not ended. */
  inner: IdentityAct | null
  /** Somebody was signed in or out by now. */
  told: HostWord | null
  who: WhoAtEnd | null
  added: FilteredProperties
  end: EndOfCommand | null
  isDone: boolean
  add(values: unknown): void
  /** A `run` inside this one is a login or logout (null: it failed). If the process ends well now, so did that. */
  tries(act: IdentityAct | null): void
  /** It succeeded, and whatever becomes of this command, somebody is signed in or out. */
  becomes(act: IdentityAct): void
  /** Commits at once; only a successful login returns a promise. A second call does nothing. */
  finish(end: CommandEnd): Promise<void> | undefined
  /** Forget it: it was no command after all. */
  discard(): void
}

/** Writes the begin record and watches for the end. A string says why nothing was written (an errno code). */
export function beginRun(context: RunContext): CommandRun | string {
  const run: CommandRun = {
    context,
    process: currentInstance(),
    begunAt: isoTime(Date.now()),
    inner: null,
    told: null,
    who: null,
    added: { properties: {}, dropped: 0 },
    end: null,
    isDone: false,
    add: (values) => add(run, values),
    tries: (act) => {
      run.inner = act
    },
    becomes: (act) => becomes(run, act),
    finish: /* @soon */ (end) => finish(run, end),
    discard: () => discard(run),
    exited: (exitCode, seen) => exited(run, exitCode, seen),
    held: (signal) => held(run, signal),
    resumed: () => resumed(run),
    died: (signal) => died(run, signal),
  }
  const written = writeBegun(context.layout, begun(run))
  if (written.kind === 'failed') return notBegun(context, written.reason)
  // Race R13: `off` erased between our look at consent and the record. Either this look sees it, or its erasing came later.
  if (isStoredOff(context.settings)) return notBegun(context, 'off: stored')
  watchCommand(context.settings.directory ?? '', run)
  return run
}

/** @rare */
function notBegun({ begin, layout, uuid }: RunContext, reason: string): string {
  begin.lookUp?.abort()
  removeQuietly(inFlightPath(layout, uuid))
  return reason
}

/** @rare */
function add(run: CommandRun, values: unknown): void {
  const { properties, dropped } = filterHostProperties(run.context.settings.properties, values)
  run.added = { properties: { ...run.added.properties, ...properties }, dropped: run.added.dropped + dropped }
}

/** @rare */
function becomes(run: CommandRun, act: IdentityAct): void {
  run.inner = null
  run.told = loadRarePaths()?.hostWord(run.context.settings, act) ?? null
}

function finish(run: CommandRun, end: CommandEnd): Promise<void> | undefined {
  if (run.end !== null) return undefined
  ends(run, endOf(end, true), run.context.act)
  return run.told === null ? settle(run) : finishSigned(run, run.told)
}

/** @rare */
function finishSigned(run: CommandRun, told: HostWord): Promise<void> | undefined {
  const who = told.act === 'login' ? whoAtEnd(run) : null
  return who === null ? settle(run) : who.ofLogin(told).then((answer) => settle(run, answer))
}

/** @rare */
function discard(run: CommandRun): void {
  if (run.isDone) return
  run.isDone = true
  const { settings, begin, layout, uuid } = run.context
  unwatchCommand(settings.directory ?? '', run)
  begin.lookUp?.abort()
  removeQuietly(inFlightPath(layout, uuid))
}

/** @rare */
function exited(run: CommandRun, exitCode: number, seen: Parameters<Ending['exited']>[1]): void {
  if (run.end === null) ends(run, endOf({ kind: 'exited', exitCode, ...seen }, false), run.inner ?? run.context.act)
  settle(run)
}

/** @rare */
function held(run: CommandRun, signal: EndSignal): void {
  replaceRecord(run, () => record(run, 'held', ended(run, endBy(run, signal))))
}

/** @rare */
function resumed(run: CommandRun): void {
  replaceRecord(run, () => begun(run))
}

/** @rare */
function died(run: CommandRun, signal: EndSignal): void {
  const { told } = run
  const asBegun = run.context.begin.distinct
  run.end = endBy(run, signal)
  settle(run, () => (told === null ? asBegun : (whoAtEnd(run)?.dying(told) ?? asBegun)))
}

function ends(run: CommandRun, end: EndOfCommand, act: IdentityAct | null): void {
  if (act !== null && end.outcome.outcome === 'ok') becomes(run, act)
  run.end = end
}

/**
 * What has ended already, and only waits for its look-up, does not end by this signal.
 * @rare
 */
function endBy(run: CommandRun, signal: EndSignal): EndOfCommand {
  return run.end ?? endOf({ kind: 'signalled', signal }, false)
}

/**
 * Who is asked when somebody was signed in or out, or a look-up was due. Null: this package is not whole.
 * @rare
 */
function whoAtEnd(run: CommandRun): WhoAtEnd | null {
  const rare = run.who === null ? loadRarePaths() : null
  if (rare !== null) run.who = new rare.WhoAtEnd(run.context)
  return run.who
}

/** Whom the event is booked to, where nothing can be waited for. */
function whoNow(run: CommandRun): DistinctId {
  const { begin } = run.context
  const isAsBegun = run.told === null && begin.lookUp === null
  return (isAsBegun ? null : whoAtEnd(run)?.now(run.told)) ?? begin.distinct
}

function settle(run: CommandRun, who: (run: CommandRun) => DistinctId = whoNow): undefined {
  const { end, context } = run
  if (run.isDone || end === null) return
  run.isDone = true
  try {
    context.count(delivered(run, end, who))
  } catch (error) {
    countError(run, error)
    removeQuietly(inFlightPath(context.layout, context.uuid)) // or it would be sent as crashed
  }
  context.begin.lookUp?.abort()
  run.who?.abort()
}

/** What became of it, in a word. */
function delivered(run: CommandRun, end: EndOfCommand, who: (run: CommandRun) => DistinctId): string {
  const { context } = run
  const { settings, layout, uuid } = context
  unwatchCommand(settings.directory ?? '', run)
  if (!hasBegun(layout, uuid)) return 'erased' // `off` was here
  const distinct = who(run)
  const envelope = ended(run, end, distinct)
  const outcome = handOver(context, envelope, settings.exceptions ? exceptionOf(context, end, distinct) : null)
  return outcome.kind === 'failed' ? `failed: ${outcome.reason}` : outcome.kind
}

/** @rare */
function exceptionOf({ settings, facts }: RunContext, end: EndOfCommand, distinct: DistinctId): Envelope | null {
  return loadRarePaths()?.exceptionEnvelope(settings, facts, { distinct, timestamp: isoTime(Date.now()) }, end) ?? null
}

function ended(
  { context, added }: CommandRun,
  end: EndOfCommand,
  distinct: DistinctId = context.begin.distinct,
): Envelope {
  const { settings, facts, uuid } = context
  return endedEnvelope(settings, facts, { uuid, timestamp: isoTime(Date.now()), distinct }, end, added)
}

function begun(run: CommandRun): InFlightRecord {
  const { settings, facts, uuid, begin } = run.context
  const who = { uuid, timestamp: run.begunAt, distinct: begin.distinct }
  return record(run, 'begun', crashedEnvelope(settings, facts, who))
}

function record(run: CommandRun, state: InFlightRecord['state'], envelope: Envelope): InFlightRecord {
  return { schema_version: 1, state, process: run.process, envelope }
}

/** @rare */
function replaceRecord(run: CommandRun, next: () => InFlightRecord): void {
  const { layout, uuid } = run.context
  if (run.isDone) return
  try {
    if (hasBegun(layout, uuid)) replace(layout, next())
  } catch (error) {
    countError(run, error)
  }
}

/**
 * Here a running command swallows an error of ours.
 * @rare
 */
function countError(run: CommandRun, error: unknown): void {
  run.context.count(`failed: ${error instanceof Error ? error.name : 'unknown'}`)
}

function endOf(end: CommandEnd, handled: boolean): EndOfCommand {
  return { outcome: outcomeNow(end), ns: process.hrtime.bigint(), handled }
}
