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
import { type Ending, unwatchCommand, watchCommand } from './exit-hooks.ts'
import { type HandOver, handOver } from './hand-over.ts'
import type { HostWord } from './host-word.ts'
import { loadRarePaths } from './load-rare.ts'
import type { IdentityAtBegin } from './identity-at-begin.ts'
import { outcomeNow } from './outcome-now.ts'
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

export class CommandRun implements Ending {
  readonly #context: RunContext
  readonly #process: ProcessInstance = currentInstance()
  readonly #begunAt: string = isoTime(Date.now())
  /** A `run` inside this one that signs in or out, and has not ended. */
  #inner: IdentityAct | null = null
  /** Somebody was signed in or out by now. */
  #told: HostWord | null = null
  #who: WhoAtEnd | null = null
  #added: FilteredProperties = { properties: {}, dropped: 0 }
  #end: EndOfCommand | null = null
  #done = false

  private constructor(context: RunContext) {
    this.#context = context
  }

  /** Writes the begin record and watches for the end. A string says why nothing was written (an errno code). */
  static begin(context: RunContext): CommandRun | string {
    const run = new CommandRun(context)
    const written = writeBegun(context.layout, run.#begun())
    if (written.kind === 'failed') {
      context.begin.lookUp?.abort()
      return written.reason
    }
    // Race R13: `off` erased between our look at consent and the record. Either this look sees it, or its erasing came later.
    if (isStoredOff(context.settings)) {
      context.begin.lookUp?.abort()
      removeQuietly(inFlightPath(context.layout, context.uuid))
      return 'off: stored'
    }
    watchCommand(context.settings.directory ?? '', run)
    return run
  }

  add(values: unknown): void {
    const { properties, dropped } = filterHostProperties(this.#context.settings.properties, values)
    this.#added = { properties: { ...this.#added.properties, ...properties }, dropped: this.#added.dropped + dropped }
  }

  /** A `run` inside this one is a login or logout (null: it failed). If the process ends well now, so did that. */
  tries(act: IdentityAct | null): void {
    this.#inner = act
  }

  /** It succeeded, and whatever becomes of this command, somebody is signed in or out. */
  becomes(act: IdentityAct): void {
    this.#inner = null
    this.#told = loadRarePaths()?.hostWord(this.#context.settings, act) ?? null
  }

  /** Commits at once; only a successful login returns a promise. A second call does nothing. */
  finish(end: CommandEnd): Promise<void> | undefined {
    if (this.#end !== null) return undefined
    const ended = this.#ends(endOf(end, true), this.#context.act)
    const told = this.#told
    const who = told?.act === 'login' ? this.#whoAtEnd() : null
    if (told !== null && who !== null) return who.ofLogin(told).then((answer) => this.#settle(ended, answer))
    this.#settle(ended, () => this.#whoNow())
    return undefined
  }

  /** Forget it: it was no command after all. */
  discard(): void {
    if (this.#done) return
    this.#done = true
    unwatchCommand(this.#context.settings.directory ?? '', this)
    this.#context.begin.lookUp?.abort()
    removeQuietly(inFlightPath(this.#context.layout, this.#context.uuid))
  }

  exited(exitCode: number, seen: { readonly error?: unknown; readonly signal?: EndSignal }): void {
    const act = this.#inner ?? this.#context.act
    const ended = this.#end ?? this.#ends(endOf({ kind: 'exited', exitCode, ...seen }, false), act)
    this.#settle(ended, () => this.#whoNow())
  }

  held(signal: EndSignal): void {
    if (!this.#done) this.#replaceRecord(() => this.#record('held', this.#ended(this.#endBy(signal))))
  }

  resumed(): void {
    if (!this.#done) this.#replaceRecord(() => this.#begun())
  }

  died(signal: EndSignal): void {
    const told = this.#told
    const asBegun = this.#context.begin.distinct
    this.#settle(this.#endBy(signal), () => (told === null ? asBegun : (this.#whoAtEnd()?.dying(told) ?? asBegun)))
  }

  #ends(end: EndOfCommand, act: IdentityAct | null): EndOfCommand {
    if (act !== null && end.outcome.outcome === 'ok') this.becomes(act)
    this.#end = end
    return end
  }

  /** What has ended already, and only waits for its look-up, does not end by this signal. */
  #endBy(signal: EndSignal): EndOfCommand {
    return this.#end ?? endOf({ kind: 'signalled', signal }, false)
  }

  /** Who is asked when somebody was signed in or out, or a look-up was due. Null: this package is not whole. */
  #whoAtEnd(): WhoAtEnd | null {
    const rare = this.#who === null ? loadRarePaths() : null
    if (rare !== null) this.#who = new rare.WhoAtEnd(this.#context)
    return this.#who
  }

  /** Whom the event is booked to, where nothing can be waited for. */
  #whoNow(): DistinctId {
    const { begin } = this.#context
    const isAsBegun = this.#told === null && begin.lookUp === null
    return (isAsBegun ? null : this.#whoAtEnd()?.now(this.#told)) ?? begin.distinct
  }

  #settle(end: EndOfCommand, who: () => DistinctId): void {
    if (this.#done) return
    this.#done = true
    this.#end = end
    const { layout, uuid, count, settings, facts, begin } = this.#context
    const isSettled = this.#quietly(() => {
      unwatchCommand(settings.directory ?? '', this)
      if (!hasBegun(layout, uuid)) return count('erased') // `off` was here
      const distinct = who()
      const booked = { distinct, timestamp: isoTime(Date.now()) }
      const exception = settings.exceptions
        ? (loadRarePaths()?.exceptionEnvelope(settings, facts, booked, end) ?? null)
        : null
      const outcome = handOver(this.#context, this.#ended(end, distinct), exception)
      count(outcome.kind === 'failed' ? `failed: ${outcome.reason}` : outcome.kind)
    })
    if (!isSettled) removeQuietly(inFlightPath(layout, uuid)) // or it would be sent as crashed
    begin.lookUp?.abort()
    this.#who?.abort()
  }

  #ended(end: EndOfCommand, distinct: DistinctId = this.#context.begin.distinct): Envelope {
    const { settings, facts, uuid } = this.#context
    return endedEnvelope(settings, facts, { uuid, timestamp: isoTime(Date.now()), distinct }, end, this.#added)
  }

  #begun(): InFlightRecord {
    const { settings, facts, uuid, begin } = this.#context
    return this.#record(
      'begun',
      crashedEnvelope(settings, facts, { uuid, timestamp: this.#begunAt, distinct: begin.distinct }),
    )
  }

  #record(state: InFlightRecord['state'], envelope: Envelope): InFlightRecord {
    return { schema_version: 1, state, process: this.#process, envelope }
  }

  #replaceRecord(record: () => InFlightRecord): void {
    const { layout, uuid } = this.#context
    this.#quietly(() => {
      if (hasBegun(layout, uuid)) replace(layout, record())
    })
  }

  /** The one place where a running command swallows an error of ours: counted. False: there was one. */
  #quietly(work: () => void): boolean {
    try {
      work()
      return true
    } catch (error) {
      this.#context.count(`failed: ${error instanceof Error ? error.name : 'unknown'}`)
      return false
    }
  }
}

function endOf(end: CommandEnd, handled: boolean): EndOfCommand {
  return { outcome: outcomeNow(end), ns: process.hrtime.bigint(), handled }
}
