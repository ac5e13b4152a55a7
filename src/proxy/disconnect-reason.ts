/**
 * From the fact of who ended a session to the reason why. The pump has no opinion, this page nothing but.
 */
import type { PumpExitCause } from './pump-end.ts'
import type { DisconnectReason } from './proxy-events.ts'
import type { UpstreamView } from './upstream.ts'

/** The reason, and whether the restart window was looked through to its end. */
export interface RestartVerdict {
  readonly reason: 'upstream_changed' | 'upstream_error'
  readonly confirmed: boolean
}

/**
 * The reason of an end, from its cause and the state of the upstream. A browser that ends may be on its way to a new address:
 * the answer waits for one, at most `restartConfirmWaitMs` milliseconds, and comes at once when it is there. Never rejects.
 *
 * A signal that is aborted by now outranks every cause. Aborted later it only ends the wait, as `upstream_error`: that we stop
 * does not turn a browser's death into a cancellation.
 */
export async function resolveDisconnectReason(
  cause: PumpExitCause,
  signal: AbortSignal,
  upstream: UpstreamView,
  dialedUrl: string,
  restartConfirmWaitMs: number,
): Promise<DisconnectReason> {
  if (signal.aborted) return 'context_cancelled'
  switch (cause) {
    case 'client':
      return 'client_close'
    case 'context':
      return 'context_cancelled'
    case 'upstream':
      return (await confirmRestart(signal, upstream, dialedUrl, restartConfirmWaitMs)).reason
  }
}

/** Waits for an address other than the one dialled. Leaves no listener and no timer, whatever comes first. */
export function confirmRestart(
  signal: AbortSignal,
  upstream: UpstreamView,
  dialedUrl: string,
  waitMs: number,
): Promise<RestartVerdict> {
  return new Promise((resolve) => {
    const settle = (reason: RestartVerdict['reason'], confirmed: boolean): void => {
      clearTimeout(timer)
      unsubscribe()
      signal.removeEventListener('abort', stopped)
      resolve({ reason, confirmed })
    }
    const stopped = (): void => settle('upstream_error', false)
    const look = (): boolean => {
      const changed = upstream.current !== undefined && upstream.current !== dialedUrl
      if (changed) settle('upstream_changed', true)
      return changed
    }
    // Subscribed first, read second: an address announced in between is seen twice rather than never.
    const unsubscribe = upstream.subscribe(look)
    const timer = setTimeout(() => settle('upstream_error', true), waitMs)
    signal.addEventListener('abort', stopped, { once: true })
    if (!look() && signal.aborted) stopped()
  })
}
