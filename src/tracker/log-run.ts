/** `<APP>_USAGE_TRACKING=log`: what would be sent goes to stderr, or why nothing would. Nothing is written, started or sent. */
import { isCi } from '../consent/ci-rules.ts'
import { type Consent, explainConsent, variableName } from '../consent/decide-consent.ts'
import type { CommandFacts } from '../events/command-event.ts'
import type { Envelope } from '../events/envelope.ts'
import { type FilteredProperties, filterHostProperties } from '../events/host-properties.ts'
import { fs } from '../files/fs.ts'
import { type DistinctId, resolveDistinctId } from '../identity/identity.ts'
import { newAnonId, readIdentity } from '../identity/identity-file.ts'
import { spoolLayout } from '../spool/spool-layout.ts'
import { endedEnvelope } from './command-envelope.ts'
import { type CommandEnd, type EndSignal, resolveCommandOutcome } from './command-outcome.ts'
import { unwatchCommand, watchCommand } from './exit-hooks.ts'
import type { Ending } from './running-commands.ts'
import type { TrackerSettings } from './tracker-options.ts'

export interface LogContext {
  readonly settings: TrackerSettings
  readonly consent: Extract<Consent, { mode: 'log' }>
  readonly consentFile: string
  readonly facts: CommandFacts
  readonly uuid: string
  readonly distinct: DistinctId
  /** A login or logout would change the identity first: what is shown is under the identity of now. */
  readonly changesIdentity: boolean
  readonly write?: (text: string) => void
}

export function beginLog(request: Omit<LogContext, 'consentFile' | 'distinct'>): LogRun {
  const layout = spoolLayout(request.settings.directory ?? '')
  // In log mode consent is decided before CI is asked for.
  const facts = { ...request.facts, runtime: { ...request.facts.runtime, isCi: isCi(process.env) } }
  return new LogRun({ ...request, facts, consentFile: layout.consent, distinct: whoIsShown(layout.usage) })
}

/** In log mode a missing identity is not made: an id of the moment stands in for the one that would be. */
function whoIsShown(usagePath: string): DistinctId {
  const file = readIdentity(usagePath)
  return file.kind === 'identity' ? resolveDistinctId(file.identity) : { distinctId: newAnonId(), isAnon: true }
}

export class LogRun implements Ending {
  readonly #context: LogContext
  #added: FilteredProperties = { properties: {}, dropped: 0 }
  #done = false

  constructor(context: LogContext) {
    this.#context = context
    watchCommand(context.settings.directory ?? '', this)
  }

  add(values: unknown): void {
    const { properties, dropped } = filterHostProperties(this.#context.settings.properties, values)
    this.#added = { properties: { ...this.#added.properties, ...properties }, dropped: this.#added.dropped + dropped }
  }

  tries(): void {}
  becomes(): void {}

  finish(end: CommandEnd): undefined {
    if (this.#done) return
    this.discard()
    const { settings, consent, consentFile, facts, uuid, distinct, changesIdentity } = this.#context
    const timestamp = new Date().toISOString()
    const ended = { outcome: resolveCommandOutcome(end), ns: process.hrtime.bigint(), handled: true }
    const envelope = endedEnvelope(settings, facts, { uuid, timestamp, distinct }, ended, this.#added)
    this.#print(
      consent.wouldBe.allowed
        ? `${settings.app}: would be sent to ${settings.destination.host} ($lib, $lib_version, sent_at and, where is_anon is true, $process_person_profile: false are added on sending):\n${show(envelope)}${changesIdentity ? IDENTITY_NOTE : ''}`
        : `${settings.app}: nothing would be sent. ${explainConsent({ ...consent.wouldBe, mode: 'off' }, variableName(settings.app), consentFile)}`,
    )
  }

  discard(): void {
    this.#done = true
    unwatchCommand(this.#context.settings.directory ?? '', this)
  }

  exited(exitCode: number, seen: { readonly error?: unknown; readonly signal?: EndSignal }): void {
    this.finish({ kind: 'exited', exitCode, ...seen })
  }

  held(): void {}
  resumed(): void {}

  died(signal: EndSignal): void {
    this.finish({ kind: 'signalled', signal })
  }

  #print(text: string): void {
    try {
      if (this.#context.write === undefined) fs.writeSync(2, `${text}\n`)
      else this.#context.write(`${text}\n`)
    } catch {
      // a closed stderr: whoever asked to see it does not look
    }
  }
}

const IDENTITY_NOTE =
  '\n(shown under the identity of now: really, a login is looked up and linked first, with a $create_alias, and a logout rotates the id)'

function show(envelope: Envelope): string {
  return JSON.stringify(envelope, null, 2)
}
