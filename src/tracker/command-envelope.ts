/** The envelopes of one command: as it would crash, and as it ended. */
import { type CommandFacts, commandEventName, crashedProperties, endedProperties } from '../events/command-event.ts'
import type { DeliveryMode, Envelope } from '../events/envelope.ts'
import type { FilteredProperties } from '../events/host-properties.ts'
import type { DistinctId } from '../identity/identity.ts'
import type { CommandOutcome } from './command-outcome.ts'
import { loadRarePaths } from './load-parts.ts'
import type { TrackerSettings } from './tracker-options.ts'

export interface EndOfCommand {
  readonly outcome: CommandOutcome
  /** `process.hrtime.bigint()` at the end. */
  readonly ns: bigint
  /** False: the process ended of it. */
  readonly handled: boolean
}

export type Origin = Pick<Envelope, 'app' | 'api_key' | 'host' | 'delivery'>

/** @rare */
export function originOf(settings: TrackerSettings, delivery: DeliveryMode): Origin {
  return { app: settings.app, api_key: settings.destination.apiKey, host: settings.destination.host, delivery }
}

export interface Identified {
  readonly uuid: string
  readonly timestamp: string
  readonly distinct: DistinctId
}

/** What a later reporter sends if this command is never heard of again. */
export function crashedEnvelope(settings: TrackerSettings, facts: CommandFacts, who: Identified): Envelope {
  return envelopeOf(settings, facts, who, 'CLI execution failed', crashedProperties(facts))
}

export function endedEnvelope(
  settings: TrackerSettings,
  facts: CommandFacts,
  who: Identified,
  end: EndOfCommand,
  host: FilteredProperties,
): Envelope {
  const { failure } = end.outcome
  const described = failure === undefined ? {} : (loadRarePaths()?.failureHere(failure.error, settings) ?? {})
  const properties = endedProperties({ ...facts, endNs: end.ns, outcome: end.outcome, host }, described)
  return envelopeOf(settings, facts, who, commandEventName(end.outcome.outcome), properties)
}

/** Every envelope of a command has this frame. */
export function envelopeOf(
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
    app: settings.app,
    api_key: settings.destination.apiKey,
    host: settings.destination.host,
    delivery: facts.delivery,
  }
}
