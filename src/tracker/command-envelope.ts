/** The envelopes of one command: as it would crash, as it ended, and its exception. */
import { type CommandFacts, commandEventName, commandProperties, crashedProperties } from '../events/command-event.ts'
import type { DeliveryMode, Envelope } from '../events/envelope.ts'
import { exceptionProperties } from '../events/exception-event.ts'
import type { FilteredProperties } from '../events/host-properties.ts'
import { hostRootOf } from '../events/stack-frames.ts'
import { uuid7 } from '../events/uuid7.ts'
import type { DistinctId } from '../identity/identity.ts'
import type { CommandOutcome } from './command-outcome.ts'
import { redactionContext } from './host-facts.ts'
import type { TrackerSettings } from './tracker-options.ts'

export interface EndOfCommand {
  readonly outcome: CommandOutcome
  /** `process.hrtime.bigint()` at the end. */
  readonly ns: bigint
  /** False: the process ended of it. */
  readonly handled: boolean
}

export type Origin = Pick<Envelope, 'app' | 'api_key' | 'host' | 'delivery'>

export function originOf(settings: TrackerSettings, delivery: DeliveryMode): Origin {
  return { app: settings.app, api_key: settings.destination.apiKey, host: settings.destination.host, delivery }
}

interface Identified {
  readonly uuid: string
  readonly timestamp: string
  readonly distinct: DistinctId
}

/** What a later reporter sends if this command is never heard of again. */
export function crashedEnvelope(settings: TrackerSettings, facts: CommandFacts, who: Identified): Envelope {
  return envelope(settings, facts, who, 'CLI execution failed', crashedProperties(facts))
}

export function endedEnvelope(
  settings: TrackerSettings,
  facts: CommandFacts,
  who: Identified,
  end: EndOfCommand,
  host: FilteredProperties,
): Envelope {
  const properties = commandProperties({
    ...facts,
    endNs: end.ns,
    outcome: end.outcome,
    errorMessages: settings.errorMessages,
    redaction: redactionContext(),
    host,
  })
  return envelope(settings, facts, who, commandEventName(end.outcome.outcome), properties)
}

/** Null unless the host turned exceptions on and there was one. */
export function exceptionEnvelope(
  settings: TrackerSettings,
  facts: CommandFacts,
  who: Omit<Identified, 'uuid'>,
  end: EndOfCommand,
): Envelope | null {
  if (!settings.exceptions || end.outcome.failure === undefined) return null
  const properties = exceptionProperties({
    ...facts,
    error: end.outcome.failure.error,
    handled: end.handled,
    errorMessages: settings.errorMessages,
    redaction: redactionContext(),
    hostRoot: hostRootOf(realPathOf(process.argv[1] ?? '')),
  })
  return envelope(settings, facts, { ...who, uuid: uuid7(Date.now()) }, '$exception', properties)
}

/** An npm bin is a link into the package. */
function realPathOf(path: string): string {
  try {
    return process.getBuiltinModule('node:fs').realpathSync(path)
  } catch {
    return path // deleted meanwhile, or `node -e`
  }
}

function envelope(
  settings: TrackerSettings,
  facts: CommandFacts,
  who: Identified,
  event: Envelope['event'],
  properties: object,
): Envelope {
  return {
    schema_version: 1,
    uuid: who.uuid,
    timestamp: who.timestamp,
    event,
    distinct_id: who.distinct.distinctId,
    is_anon: who.distinct.isAnon,
    properties: properties as Envelope['properties'],
    ...originOf(settings, facts.delivery),
  }
}
