/** How an event leaves, as one pure function of where we are; stamped on the event and shown by `status`. */
import type { DeliveryMode } from '../events/envelope.ts'

export interface DeliveryFacts {
  /** What consent says of this place: `inline` only in CI, by the host's wish. */
  readonly wanted: 'detached' | 'inline'
  /** Plain Node, main thread: a process can be started from here. */
  readonly canSpawn: boolean
}

export function decideDeliveryMode(facts: DeliveryFacts): DeliveryMode {
  return facts.canSpawn ? facts.wanted : 'spool-only'
}
