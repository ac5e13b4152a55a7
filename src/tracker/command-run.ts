/**
 * One command, from its begin record to its envelope. The end is synchronous (it may be inside 'exit' or a signal), never throws
 * and never prints; only a successful login waits, within one box of 2 s.
 */
import type { CommandFacts } from '../events/command-event.ts'
import type { Envelope } from '../events/envelope.ts'
import { type FilteredProperties, filterHostProperties } from '../events/host-properties.ts'
import type { DistinctId, PrincipalId } from '../identity/identity.ts'
import { currentInstance, type ProcessInstance } from '../platform/process-instance.ts'
import { REPORTER_LIMITS } from '../reporter/limits.ts'
import { commit, hasBegun, inFlightPath, type InFlightRecord, removeQuietly, writeBegun } from '../spool/in-flight.ts'
import { crashedEnvelope, type EndOfCommand, endedEnvelope, originOf } from './command-envelope.ts'
import { type CommandEnd, type EndSignal, resolveCommandOutcome } from './command-outcome.ts'
import { type Ending, unwatchCommand, watchCommand } from './exit-hooks.ts'
import { type HandOver, handOver } from './hand-over.ts'
import type { EndContext } from './identity-at-end.ts'
import { loadRarePaths } from './load-rare.ts'
import type { IdentityAtBegin } from './identity-at-begin.ts'
import type { LookUp } from './look-up.ts'

export type IdentityAct = 'login' | 'logout'

export interface RunContext extends HandOver {
  /** Absolute path of the built look-up child. */
  readonly lookUpFile: string
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
  readonly #begunAt: string = new Date().toISOString()
  #act: IdentityAct | null
  #added: FilteredProperties = { properties: {}, dropped: 0 }
  #end: EndOfCommand | null = null
  #done = false

  private constructor(context: RunContext) {
    this.#context = context
    this.#act = context.act
  }

  /** Writes the begin record and watches for the end. A string says why nothing was written (an errno code). */
  static begin(context: RunContext): CommandRun | string {
    const run = new CommandRun(context)
    const written = writeBegun(context.layout, run.#begun())
    if (written.kind === 'failed') {
      context.begin.lookUp?.abort()
      return written.reason
    }
    watchCommand(context.settings.directory ?? '', run)
    return run
  }

  add(values: unknown): void {
    const { properties, dropped } = filterHostProperties(this.#context.settings.properties, values)
    this.#added = { properties: { ...this.#added.properties, ...properties }, dropped: this.#added.dropped + dropped }
  }

  /** A `run` inside this one turned out to be a login or logout, and succeeded. */
  becomes(act: IdentityAct): void {
    this.#act = act
  }

  /** Commits at once; only a successful login returns a promise. A second call does nothing. */
  finish(end: CommandEnd): Promise<void> | undefined {
    if (this.#end !== null) return undefined
    this.#end = endOf(end, true)
    if (this.#act === 'login' && this.#end.outcome.outcome === 'ok') return this.#finishLogin()
    this.#settle(this.#end, () => this.#whoNow())
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
    this.#end ??= endOf({ kind: 'exited', exitCode, ...seen }, false)
    this.#settle(this.#end, () => this.#whoNow())
  }

  held(signal: EndSignal): void {
    if (!this.#done) this.#replaceRecord(() => this.#record('held', this.#ended(this.#endBy(signal))))
  }

  resumed(): void {
    if (!this.#done) this.#replaceRecord(() => this.#begun())
  }

  died(signal: EndSignal): void {
    this.#settle(this.#endBy(signal), () => this.#context.begin.distinct)
  }

  /** What has ended already, and only waits for its look-up, does not end by this signal. */
  #endBy(signal: EndSignal): EndOfCommand {
    return this.#end ?? endOf({ kind: 'signalled', signal }, false)
  }

  async #finishLogin(): Promise<void> {
    const deadlineMs = Date.now() + REPORTER_LIMITS.aliasMs
    let principal: PrincipalId | null = null
    try {
      principal = await this.#askedAnew((lookUp) => lookUp.within(deadlineMs - Date.now()))
    } catch {
      // a look-up answers and does not reject; whatever else happened, nobody was named
    }
    if (this.#end !== null) this.#settle(this.#end, () => this.#whoLoggedIn(principal, deadlineMs))
  }

  /** Whom the event is booked to, where nothing can be waited for. */
  #whoNow(): DistinctId {
    const { begin } = this.#context
    const succeeded = this.#end?.outcome.outcome === 'ok'
    if (succeeded && this.#act === 'logout')
      return loadRarePaths()?.afterLogout(this.#endContext()).distinct ?? begin.distinct
    if (succeeded && this.#act === 'login') {
      const deadlineMs = Date.now() + REPORTER_LIMITS.aliasMs
      return this.#whoLoggedIn(
        this.#askedAnew((lookUp) => lookUp.nowWithin(deadlineMs - Date.now())),
        deadlineMs,
      )
    }
    if (begin.lookUp === null) return begin.distinct
    return loadRarePaths()?.afterLookUp(this.#endContext(), known(begin.lookUp.answer)).distinct ?? begin.distinct
  }

  #whoLoggedIn(principal: PrincipalId | null, deadlineMs: number): DistinctId {
    const rare = loadRarePaths()
    if (rare === null) return this.#context.begin.distinct
    const end = rare.afterLogin(this.#endContext(), principal, Math.max(0, deadlineMs - Date.now()))
    if (end.alias !== null) rare.sendAliasNow(this.#context, end.alias.uuid, deadlineMs - Date.now())
    return end.distinct
  }

  /** After a login the credential is a new one: what was asked at the beginning does not count. */
  #askedAnew(ask: (lookUp: LookUp) => Promise<LookUp['answer']>): Promise<PrincipalId | null>
  #askedAnew(ask: (lookUp: LookUp) => LookUp['answer']): PrincipalId | null
  #askedAnew(
    ask: (lookUp: LookUp) => LookUp['answer'] | Promise<LookUp['answer']>,
  ): PrincipalId | null | Promise<PrincipalId | null> {
    const { settings, lookUpFile } = this.#context
    if (settings.principal === null) return null
    const lookUp = loadRarePaths()?.startLookUp(settings.principal, lookUpFile)
    if (lookUp === undefined) return null
    const take = (answer: LookUp['answer']): PrincipalId | null => {
      lookUp.abort()
      return known(answer)
    }
    const answer = ask(lookUp)
    return answer instanceof Promise ? answer.then(take) : take(answer)
  }

  #settle(end: EndOfCommand, who: () => DistinctId): void {
    if (this.#done) return
    this.#done = true
    this.#end = end
    const { layout, uuid, count, settings, facts, begin } = this.#context
    this.#quietly(() => {
      unwatchCommand(settings.directory ?? '', this)
      if (!hasBegun(layout, uuid)) return count('erased') // `off` was here
      const distinct = who()
      const booked = { distinct, timestamp: new Date().toISOString() }
      const exception = settings.exceptions
        ? (loadRarePaths()?.exceptionEnvelope(settings, facts, booked, end) ?? null)
        : null
      const outcome = handOver(this.#context, this.#ended(end, distinct), exception)
      count(outcome.kind === 'failed' ? `failed: ${outcome.reason}` : outcome.kind)
    })
    begin.lookUp?.abort()
  }

  #ended(end: EndOfCommand, distinct: DistinctId = this.#context.begin.distinct): Envelope {
    const { settings, facts, uuid } = this.#context
    return endedEnvelope(settings, facts, { uuid, timestamp: new Date().toISOString(), distinct }, end, this.#added)
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
      if (hasBegun(layout, uuid)) commit(layout, record())
    })
  }

  #endContext(): EndContext {
    const { settings, layout, begin, delivery } = this.#context
    return { settings, layout, begin, origin: originOf(settings, delivery) }
  }

  /** The one place where a running command swallows an error of ours: counted. */
  #quietly(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#context.count(`failed: ${error instanceof Error ? error.name : 'unknown'}`)
    }
  }
}

function endOf(end: CommandEnd, handled: boolean): EndOfCommand {
  return { outcome: resolveCommandOutcome(end), ns: process.hrtime.bigint(), handled }
}

function known(answer: LookUp['answer']): PrincipalId | null {
  return answer === 'pending' ? null : answer
}
