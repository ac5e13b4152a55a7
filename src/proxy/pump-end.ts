import type { ClosedBy, DisconnectHow } from './proxy-events.ts'

/** Who ended a session first: the client, the browser's side, or we ourselves because we were told to stop. */
export type PumpExitCause = 'client' | 'upstream' | 'context'

/** The fact about an end, before anybody names a reason. */
export interface PumpEnd {
  readonly cause: PumpExitCause
  readonly closedBy: ClosedBy
  readonly how: DisconnectHow
  readonly ambiguous: boolean
  readonly loopDelayMs: number
  readonly paused: boolean
}
