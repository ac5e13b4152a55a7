import { connectBrowser } from './browser-link.ts'
import type { BrowserLink } from './browser-link.ts'
import { resolveDialTarget } from './dial-target.ts'
import { encodeRequest, parseAnswer } from './handshake.ts'
import type { Offer } from './handshake.ts'
import type { UpstreamView } from './upstream.ts'

/** Between two tries at the same address: a browser that restarts prints its line 0.1 to 0.3 s after the old one died. */
const RETRY_MS = 250

export type Dialled =
  | {
      readonly kind: 'connected'
      /** The upstream's address that was dialled: the browser's, also for a page. */
      readonly dialedUrl: string
      readonly link: BrowserLink
      /** Frames that came with the acceptance. */
      readonly head: Buffer
      readonly protocol: string | undefined
    }
  | { readonly kind: 'failed'; readonly dialedUrl: string; readonly text: string }

type Tried =
  | {
      readonly kind: 'connected'
      readonly link: BrowserLink
      readonly head: Buffer
      readonly protocol: string | undefined
    }
  /** `answered`: by HTTP, so somebody is there and means it. */
  | { readonly kind: 'failed'; readonly text: string; readonly answered: boolean }

/**
 * Connects to the browser at its current address, for at most `timeoutMs`. An address that changes meanwhile is dialled instead,
 * also when the old one has just answered. Ends early, as failed, when the signal is aborted or a page is refused. Never rejects.
 */
export async function dial(
  path: string,
  offer: Offer,
  upstream: UpstreamView,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<Dialled> {
  const deadlineMs = performance.now() + timeoutMs
  for (;;) {
    const dialedUrl = upstream.current ?? ''
    const leftMs = deadlineMs - performance.now()
    const tried = await dialOnce(path, dialedUrl, offer, upstream, signal, leftMs)
    // Race R43: the address that answered may have been replaced while it did.
    const replaced = upstream.current !== undefined && upstream.current !== dialedUrl
    if (tried.kind === 'connected') {
      if (!replaced && !signal.aborted) return { ...tried, dialedUrl }
      tried.link.socket.destroy()
      if (signal.aborted) return { kind: 'failed', dialedUrl, text: 'given up' }
      if (deadlineMs > performance.now()) continue
      return { kind: 'failed', dialedUrl, text: 'the address kept changing' }
    }
    const stillMs = deadlineMs - performance.now()
    const final = tried.answered && resolveDialTarget(path, dialedUrl).kind === 'page'
    if (signal.aborted || stillMs <= 0 || (final && !replaced)) return { kind: 'failed', dialedUrl, text: tried.text }
    if (!replaced) await newsOrTime(upstream, signal, Math.min(RETRY_MS, stillMs))
  }
}

function dialOnce(
  path: string,
  url: string,
  offer: Offer,
  upstream: UpstreamView,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<Tried> {
  const target = resolveDialTarget(path, url)
  const link = connectBrowser(target.host, target.port)
  const { socket } = link
  let received: Buffer = Buffer.alloc(0)
  return new Promise((resolve) => {
    const settle = (tried: Tried): void => {
      clearTimeout(timer)
      clearImmediate(lastLook)
      unsubscribe()
      signal.removeEventListener('abort', aborted)
      socket.off('error', failed).off('end', ended).off('close', ended)
      link.sink = () => false
      if (tried.kind === 'failed') socket.destroy()
      resolve(tried)
    }
    const fail = (text: string, answered = false): void => settle({ kind: 'failed', text, answered })
    const failed = (error: NodeJS.ErrnoException): void => fail(error.code ?? error.message)
    const ended = (): void => fail('hung up')
    const aborted = (): void => fail('given up')
    // Race R47: a loop that stood still finds the time over before it finds the answer that came in time. So it looks once more.
    let lastLook: NodeJS.Immediate | undefined
    const timer = setTimeout(() => (lastLook = setImmediate(() => fail('no answer'))), timeoutMs)
    // An address that is silent, and has been replaced, is not waited for.
    const unsubscribe = upstream.subscribe(() => fail('replaced'))
    socket.on('error', failed).on('end', ended).on('close', ended)
    signal.addEventListener('abort', aborted, { once: true })
    link.sink = (chunk) => {
      received = Buffer.concat([received, chunk])
      const answer = parseAnswer(received, offer)
      if (answer.kind === 'incomplete') return true
      if (answer.kind === 'refused') fail(answer.text, true)
      else settle({ kind: 'connected', link, head: received.subarray(answer.headBytes), protocol: answer.protocol })
      return false
    }
    socket.write(encodeRequest(target, offer))
    if (signal.aborted) aborted()
  })
}

/** Resolves with the first of: another address, the time, an abort. */
function newsOrTime(upstream: UpstreamView, signal: AbortSignal, waitMs: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      unsubscribe()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const unsubscribe = upstream.subscribe(done)
    const timer = setTimeout(done, waitMs)
    signal.addEventListener('abort', done, { once: true })
  })
}
