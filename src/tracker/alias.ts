/** The `$create_alias` of a login, as three moments of one identity change (identity-change.ts says what a kill leaves). */
import type { Envelope } from '../events/envelope.ts'
import type { AliasPair } from '../identity/identity.ts'
import type { AliasSteps } from '../identity/identity-change.ts'
import { enqueue, publish, replace } from '../spool/in-flight.ts'
import { settleAliases } from '../spool/settle.ts'
import type { CommandLayout } from '../spool/spool-layout.ts'

/** Direction: the principal is `distinct_id`, the anonymous id `alias`: docs/decisions/0002. Twice is once: the uuid is the pair's. */
export function aliasEnvelope(
  pair: AliasPair,
  origin: Pick<Envelope, 'app' | 'api_key' | 'host' | 'delivery'>,
  uuid: string,
  timestamp: string,
): Envelope {
  const properties = { distinct_id: pair.distinctId, alias: pair.alias, $geoip_disable: true, $ip: null }
  return {
    schema_version: 1,
    ...origin,
    uuid,
    timestamp,
    event: '$create_alias',
    distinct_id: pair.distinctId,
    is_anon: false,
    properties,
  }
}

export function aliasSteps(layout: CommandLayout, envelopeOf: (pair: AliasPair) => Envelope): AliasSteps {
  return {
    settle: (identity) => settleAliases(layout, identity),
    prepare: (pair) => replace(layout, envelopeOf(pair)).kind === 'written',
    publish: (pair) => {
      const envelope = envelopeOf(pair)
      // `gone`: somebody without the lock settled it before the link was there to be seen.
      if (publish(layout, envelope.uuid) === 'gone') enqueue(layout, envelope)
    },
  }
}
