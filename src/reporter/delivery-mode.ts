/** How an event leaves, as one pure function of where we are; stamped on the event and shown by `status`. */
import type { DeliveryMode } from '../events/envelope.ts'

export interface DeliveryFacts {
  /** What consent says of this place: `inline` only in CI, by the host's wish. */
  readonly wanted: 'detached' | 'inline'
  /** A process can be started from here: main thread, no `--permission`, a runtime with a safe command (platform/runtime.ts). */
  readonly canSpawn: boolean
  /** False: PID 1 leaves zombies; a mark of this boot says so (no-reap.ts). */
  readonly reaped: boolean
  /** Since a host last sent inline because of that mark; null: never. */
  readonly sinceInlineMs: number | null
}

/** Where zombies are left a host waits for its reporter, so at most one command a minute does. */
export const INLINE_EVERY_MS = 60_000

export function decideDeliveryMode({ wanted, canSpawn, reaped, sinceInlineMs }: DeliveryFacts): DeliveryMode {
  if (!canSpawn) return 'spool-only'
  if (wanted === 'inline' || reaped) return wanted
  return sinceInlineMs === null || sinceInlineMs >= INLINE_EVERY_MS ? 'inline' : 'spool-only'
}
