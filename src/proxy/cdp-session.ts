/** One connection, from its upgrade to the verdict. */
import { randomUUID } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { watchClient } from './client-intake.ts'
import { dial } from './dial.ts'
import type { Dialled } from './dial.ts'
import { resolveDialTarget } from './dial-target.ts'
import { answerWithin, decideFarewell } from './farewell.ts'
import { encodeAcceptance, encodeRefusal, readOffer } from './handshake.ts'
import type { Offer } from './handshake.ts'
import { startLivenessProbe } from './liveness-probe.ts'
import type { LivenessSettings } from './liveness-probe.ts'
import { watchLoopDelay } from './loop-delay.ts'
import type { CdpConnect, CdpDisconnect } from './proxy-events.ts'
import { preciseNowMs, startPump } from './pump.ts'
import type { Pump } from './pump.ts'
import type { PumpEnd } from './pump-end.ts'
import { connectFacts, disconnectFacts } from './session-facts.ts'
import type { UpstreamView } from './upstream.ts'
import { reachVerdict } from './verdict.ts'
import type { Verdict } from './verdict.ts'

export interface SessionSettings {
  /** How long to look for a browser that answers. */
  readonly dialTimeoutMs: number
  /** How long a browser that ended may take to come back under another address. */
  readonly restartConfirmWaitMs: number
  /** How long a client whose browser has ended waits for a close frame that says what became of it. */
  readonly farewellWaitMs: number
  /** How long a side that was told may take to hang up. */
  readonly lingerMs: number
  /** Off when absent. */
  readonly liveness?: LivenessSettings
}

export const SESSION_DEFAULTS: SessionSettings = {
  dialTimeoutMs: 5_000,
  restartConfirmWaitMs: 10_000,
  // A browser that comes back says so 0.1 to 0.3 s after the old one hung up, and is seen a tenth of a second later.
  farewellWaitMs: 500,
  lingerMs: 2_000,
}

export interface SessionWorld {
  readonly upstream: UpstreamView
  readonly settings: SessionSettings
  /** Once, when the browser was dialled, in vain or not. What it throws is counted. */
  readonly onConnect: (facts: CdpConnect) => void
  /** Once for each {@link SessionWorld.onConnect}, with the verdict. What it throws reaches nobody. */
  readonly onDisconnect: (facts: CdpDisconnect) => void
  /** Aborted when the proxy stops. */
  readonly signal: AbortSignal
}

/**
 * Serves an upgrade that was let in: dials the browser, accepts the client, splices, tells. Resolves when both events are told and
 * both sockets are closed; never rejects. Without an upstream the client gets 503 and no event is told; without a WebSocket 400.
 */
export async function serveCdpSession(
  request: IncomingMessage,
  client: Socket,
  head: Buffer,
  world: SessionWorld,
): Promise<void> {
  const offer = readOffer(request)
  const { upstream, signal } = world
  client.on('error', () => {})
  if (!offer) return refuse(client, 400, 'Bad Request', 'a WebSocket is wanted here')
  if (upstream.current === undefined || signal.aborted)
    return refuse(
      client,
      503,
      'Service Unavailable',
      signal.aborted ? 'the proxy is stopping' : 'no browser is known yet',
    )
  // One listener for each session is what is meant; Node warns at eleven.
  setMaxListeners(0, signal)
  const unwatch = watchLoopDelay()
  try {
    await new CdpSession(request, client, head, world, offer).serve()
  } finally {
    unwatch()
  }
}

/** Who ended it and when, and why: known at once, or within the restart window. */
interface EndAndVerdict {
  readonly disconnectedAt: number
  readonly end: PumpEnd
  readonly verdict: Promise<Verdict>
}

class CdpSession {
  readonly #connectionId = randomUUID()
  readonly #startedAt = preciseNowMs()
  readonly #path: string
  #telemetryDropped = 0
  readonly #request: IncomingMessage
  readonly #client: Socket
  readonly #head: Buffer
  readonly #world: SessionWorld
  readonly #offer: Offer

  constructor(request: IncomingMessage, client: Socket, head: Buffer, world: SessionWorld, offer: Offer) {
    this.#request = request
    this.#path = request.url ?? '/'
    this.#client = client
    this.#head = head
    this.#world = world
    this.#offer = offer
  }

  async serve(): Promise<void> {
    const { upstream, settings, signal } = this.#world
    const left = new AbortController()
    let leftHow: 'fin' | 'reset' = 'fin'
    let leftAt = 0
    const stop = (): void => {
      leftAt ||= preciseNowMs()
      left.abort()
    }
    signal.addEventListener('abort', stop, { once: true })
    const intake = watchClient(this.#client, this.#head, (how) => {
      leftHow = how
      stop()
    })
    const dialled = await dial(this.#path, this.#offer, upstream, left.signal, settings.dialTimeoutMs)
    signal.removeEventListener('abort', stop)
    const early = intake.take()
    this.#tellConnect(dialled.dialedUrl)
    if (dialled.kind === 'connected') return this.#splice(dialled, early)

    const how = signal.aborted ? 'shutdown' : left.signal.aborted ? leftHow : 'dial_failed'
    const [status, title] = signal.aborted ? ([503, 'Service Unavailable'] as const) : ([502, 'Bad Gateway'] as const)
    const told = refuse(this.#client, status, title, `the browser could not be reached: ${dialled.text}`)
    const [end, disconnectedAt] = [UNDIALLED[how], leftAt || preciseNowMs()]
    const verdict = this.#reachVerdict(dialled.dialedUrl, end)
    await this.#tellDisconnect({ disconnectedAt, end, verdict }, false)
    await told
  }

  async #splice(
    { dialedUrl, link, head, protocol }: Extract<Dialled, { kind: 'connected' }>,
    early: Buffer,
  ): Promise<void> {
    const { upstream, settings, signal } = this.#world
    this.#client.write(encodeAcceptance(this.#offer, protocol))
    let tellEnd: (ended: EndAndVerdict) => void
    const endOf = new Promise<EndAndVerdict>((resolve) => (tellEnd = resolve))
    const pump = startPump({
      client: this.#client,
      clientHead: early,
      link,
      linkHead: head,
      farewell: async () => {
        const known = await answerWithin((await endOf).verdict, settings.farewellWaitMs)
        return decideFarewell(known?.reason)
      },
      lingerMs: settings.lingerMs,
      onClose: (_cause, disconnectedAt, end) =>
        tellEnd({ disconnectedAt, end, verdict: this.#reachVerdict(dialedUrl, end) }),
    })
    const changed = (): void => pump.end('url_change')
    const stopped = (): void => pump.end('shutdown')
    const unsubscribe = upstream.subscribe(changed)
    signal.addEventListener('abort', stopped, { once: true })
    // Race R46: what was announced between the dial and these two listeners is read now.
    if (upstream.current !== dialedUrl) changed()
    if (signal.aborted) stopped()
    const unprobe =
      settings.liveness &&
      startLivenessProbe(
        dialedUrl,
        settings.liveness,
        () => pump.down.bytes,
        () => pump.end('probe_timeout'),
      )

    const ended = await endOf
    // Cut inside a message; a goodbye that is not whole yet is none.
    const midframe = [pump.up, pump.down].some((walker) => walker.midframe && !walker.closed)
    unprobe?.()
    unsubscribe()
    signal.removeEventListener('abort', stopped)
    await pump.goodbyeRead
    await this.#tellDisconnect(ended, midframe, pump)
    await pump.closed
  }

  #tellConnect(dialedUrl: string): void {
    const facts = connectFacts({
      connectionId: this.#connectionId,
      startedAt: this.#startedAt,
      settledAt: preciseNowMs(),
      target: resolveDialTarget(this.#path, dialedUrl).kind,
      dialedUrl,
      userAgent: this.#request.headers['user-agent'],
      deflateOffered: this.#offer.deflate,
    })
    try {
      this.#world.onConnect(facts)
    } catch {
      this.#telemetryDropped++
    }
  }

  #reachVerdict(dialedUrl: string, end: PumpEnd): Promise<Verdict> {
    const { upstream, settings, signal } = this.#world
    const target = resolveDialTarget(this.#path, dialedUrl)
    return reachVerdict({
      end,
      signal,
      upstream,
      dialedUrl,
      ...(target.kind === 'page' ? { pagePath: target.path } : {}),
      restartConfirmWaitMs: settings.restartConfirmWaitMs,
    })
  }

  async #tellDisconnect(
    { disconnectedAt, end, verdict }: EndAndVerdict,
    midframe: boolean,
    walkers?: Pick<Pump, 'up' | 'down'>,
  ): Promise<void> {
    const facts = disconnectFacts({
      connectionId: this.#connectionId,
      startedAt: this.#startedAt,
      disconnectedAt,
      end,
      verdict: await verdict,
      ...(walkers ? { walkers } : {}),
      midframe,
      telemetryDropped: this.#telemetryDropped,
    })
    try {
      this.#world.onDisconnect(facts)
    } catch {
      this.#telemetryDropped++
    }
  }
}

const SURE = { ambiguous: false, loopDelayMs: 0, paused: false }

/** How a connection ended that never became a session. */
const UNDIALLED: Readonly<Record<'shutdown' | 'fin' | 'reset' | 'dial_failed', PumpEnd>> = {
  shutdown: { cause: 'context', closedBy: 'proxy', how: 'shutdown', ...SURE },
  fin: { cause: 'client', closedBy: 'client', how: 'fin', ...SURE },
  reset: { cause: 'client', closedBy: 'client', how: 'reset', ...SURE },
  dial_failed: { cause: 'upstream', closedBy: 'upstream', how: 'dial_failed', ...SURE },
}

/** Answers in HTTP and hangs up. Resolves when the socket is closed. */
function refuse(client: Socket, status: number, title: string, text: string): Promise<void> {
  return new Promise((resolve) => {
    if (client.destroyed) return resolve()
    client.once('close', () => resolve())
    client.end(encodeRefusal(status, title, text), () => client.destroySoon())
  })
}
