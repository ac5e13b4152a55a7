import type { DisconnectReason } from './proxy-events.ts'

/** The close frame for a client whose session ended from the other side. */
export interface Farewell {
  /** Never 1000: it would be taken for a normal end. */
  readonly code: 1001 | 1011 | 1012
  readonly reason: string
}

/**
 * What a client is told. 1012 means that a new browser is there to connect to, 1011 that none is known, 1001 that the proxy leaves.
 *
 * @param reason the verdict, `undefined` while there is none
 */
export function decideFarewell(reason: DisconnectReason | undefined): Farewell {
  switch (reason) {
    case 'context_cancelled':
      return { code: 1001, reason: 'proxy shutting down' }
    case 'upstream_changed':
      return { code: 1012, reason: 'upstream changed' }
    case 'upstream_unresponsive':
      return { code: 1011, reason: 'upstream unresponsive' }
    case 'target_closed':
      return { code: 1011, reason: 'target closed' }
    case 'client_close': // who left is told nothing
    case 'upstream_error':
    case undefined:
      return { code: 1011, reason: 'upstream ended' }
  }
}

/** Resolves with the answer, or with `undefined` when it has not come `withinMs` later. Leaves no timer. */
export function answerWithin<T>(answer: Promise<T>, withinMs: number): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(undefined), withinMs)
    answer.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
