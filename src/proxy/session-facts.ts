import { createHash } from 'node:crypto'
import type { Verdict } from './verdict.ts'
import type { CdpConnect, CdpDisconnect } from './proxy-events.ts'
import type { PumpEnd } from './pump-end.ts'
import { requestedEnd } from './requested-end.ts'
import type { FrameWalker } from './websocket.ts'

export interface ConnectedSession {
  readonly connectionId: string
  /** Milliseconds since 1970, with fractions. */
  readonly startedAt: number
  readonly settledAt: number
  readonly target: 'browser' | 'page'
  readonly dialedUrl: string
  readonly userAgent: string | undefined
  readonly deflateOffered: boolean
}

/** `cdp_connect` of a session: no address, no id of the browser, of the User-Agent its product. */
export function connectFacts(session: ConnectedSession): CdpConnect {
  const product = /^[A-Za-z][\w-]{0,31}\/[\w.-]{1,31}/.exec(session.userAgent ?? '')?.[0]
  return {
    connection_id: session.connectionId,
    ts_us: Math.round(session.startedAt * 1_000),
    target: session.target,
    upstream_id: createHash('sha256').update(new URL(session.dialedUrl).pathname).digest('hex').slice(0, 16),
    dial_ms: hundredths(session.settledAt - session.startedAt),
    ...(product === undefined ? {} : { client_agent: product }),
    deflate_offered: session.deflateOffered,
  }
}

export interface EndedSession {
  readonly connectionId: string
  readonly startedAt: number
  readonly disconnectedAt: number
  readonly end: PumpEnd
  readonly verdict: Verdict
  /** Absent when it never came to a session. */
  readonly walkers?: { readonly up: FrameWalker; readonly down: FrameWalker }
  /** As the walkers had it at the first cause. */
  readonly midframe: boolean
  readonly telemetryDropped: number
}

/** `cdp_disconnect` of a session. */
export function disconnectFacts(session: EndedSession): CdpDisconnect {
  const { end, verdict, walkers } = session
  const said =
    end.how === 'close_frame' ? (end.closedBy === 'client' ? walkers?.up : walkers?.down)?.closeSaid : undefined
  const requested = walkers && end.closedBy === 'upstream' ? requestedEnd(walkersSaid(walkers.up)) : undefined
  const asked = requested ?? (end.closedBy === 'client' && walkers ? closingCommand(walkers.up) : undefined)
  const [messagesUp, messagesDown] = [walkers?.up.messages ?? 0, walkers?.down.messages ?? 0]
  return {
    connection_id: session.connectionId,
    ts_us: Math.round(session.disconnectedAt * 1_000),
    reason: verdict.reason,
    closed_by: end.closedBy,
    how: end.how,
    ...(said?.code === undefined ? {} : { close_code: said.code }),
    ...(said?.reason === undefined ? {} : { close_reason: said.reason }),
    confirmed: verdict.confirmed,
    ambiguous: end.ambiguous,
    loop_delay_ms: hundredths(end.loopDelayMs),
    ...(verdict.browserAlive === undefined ? {} : { browser_alive: verdict.browserAlive }),
    ...(asked === undefined ? {} : { requested: asked }),
    duration_ms: hundredths(session.disconnectedAt - session.startedAt),
    messages_up: messagesUp,
    messages_down: messagesDown,
    bytes_up: walkers?.up.bytes ?? 0,
    bytes_down: walkers?.down.bytes ?? 0,
    message_count: messagesUp + messagesDown,
    midframe: session.midframe,
    paused: end.paused,
    telemetry_dropped: session.telemetryDropped,
  }
}

function walkersSaid(up: FrameWalker): Parameters<typeof requestedEnd>[0] {
  return {
    openings: up.openings(),
    longestMessageBytes: up.longestMessageBytes,
    binaryMessages: up.binaryMessages,
    unmaskedFrames: up.unmaskedFrames,
  }
}

/** A client that asks for the end and does not wait for it: Puppeteer's `browser.close()`. */
function closingCommand(up: FrameWalker): 'Browser.close' | undefined {
  return requestedEnd(walkersSaid(up)) === 'Browser.close' ? 'Browser.close' : undefined
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100
}
