/**
 * The whole verdict on a session: its reason, whether that was confirmed, and whether the browser lives. Asks the browser, which
 * the wire alone cannot tell apart: a socket that ended is not a browser that died.
 */
import { askBrowser, browserPathIn, listsTarget } from './ask-browser.ts'
import { confirmRestart, resolveDisconnectReason } from './disconnect-reason.ts'
import type { DisconnectReason } from './proxy-events.ts'
import type { PumpEnd } from './pump-end.ts'
import type { UpstreamView } from './upstream.ts'

/** A living browser answers within 3 ms. */
const ANSWER_MS = 1_000

/** A browser that quits hangs up 60 to 100 ms before it is gone, and answers until then: it is asked twice. */
const LAST_BREATH_MS = 400

export interface Verdict {
  readonly reason: DisconnectReason
  readonly confirmed: boolean
  readonly browserAlive?: boolean
}

export interface VerdictRequest {
  readonly end: Pick<PumpEnd, 'cause' | 'how'>
  readonly signal: AbortSignal
  readonly upstream: UpstreamView
  readonly dialedUrl: string
  /** Path of the page that was dialled; absent for the browser itself. */
  readonly pagePath?: string
  readonly restartConfirmWaitMs: number
}

/** Comes at once but for an end by the browser: then within the restart window and two seconds. Never rejects. */
export async function reachVerdict(request: VerdictRequest): Promise<Verdict> {
  const { end, signal, upstream, dialedUrl, restartConfirmWaitMs } = request
  if (signal.aborted) return { reason: 'context_cancelled', confirmed: true }
  switch (end.how) {
    case 'url_change':
      return { reason: 'upstream_changed', confirmed: true }
    case 'probe_timeout':
      return { reason: 'upstream_unresponsive', confirmed: true }
    case 'dial_failed':
      return { reason: 'upstream_error', confirmed: true }
    case 'close_frame':
    case 'fin':
    case 'reset':
    case 'shutdown':
      if (end.cause === 'upstream') return confirmUpstreamEnd(request)
      return {
        reason: await resolveDisconnectReason(end.cause, signal, upstream, dialedUrl, restartConfirmWaitMs),
        confirmed: true,
      }
  }
}

async function confirmUpstreamEnd(request: VerdictRequest): Promise<Verdict> {
  const { signal, upstream, dialedUrl, restartConfirmWaitMs } = request
  const startMs = performance.now()
  const leftMs = (): number => Math.max(0, restartConfirmWaitMs - (performance.now() - startMs))
  const first = await lookAtBrowser(request)
  if (first && first.browserAlive !== true) return first
  const quick = await confirmRestart(signal, upstream, dialedUrl, first ? Math.min(LAST_BREATH_MS, leftMs()) : leftMs())
  if (quick.reason === 'upstream_changed' || !quick.confirmed) return quick
  const second = await lookAtBrowser(request)
  if (second) return second
  if (!first) return { ...quick, browserAlive: false }
  return { ...(await confirmRestart(signal, upstream, dialedUrl, leftMs())), browserAlive: false }
}

/** What the browser itself says about it, `undefined` when it says nothing. */
async function lookAtBrowser({ upstream, dialedUrl, pagePath, signal }: VerdictRequest): Promise<Verdict | undefined> {
  if (upstream.current !== dialedUrl) return { reason: 'upstream_changed', confirmed: true }
  const path = browserPathIn(await askBrowser(dialedUrl, '/json/version', ANSWER_MS, signal))
  if (path === undefined) return undefined
  if (path !== new URL(dialedUrl).pathname) return { reason: 'upstream_changed', confirmed: true }
  if (pagePath !== undefined) {
    const targets = await askBrowser(dialedUrl, '/json/list', ANSWER_MS, signal)
    if (listsTarget(targets, pagePath) === false)
      return { reason: 'target_closed', confirmed: true, browserAlive: true }
  }
  return { reason: 'upstream_error', confirmed: true, browserAlive: true }
}
