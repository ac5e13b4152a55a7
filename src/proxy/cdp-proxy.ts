/**
 * The proxy between CDP clients and a Chromium: admits, answers discovery, and hands each websocket to a session of its own. Import it as
 * `afterword/proxy`.
 */
import http from 'node:http'
import { isIPv6, type AddressInfo, type Socket } from 'node:net'
import { decideAdmission, withoutToken } from './admission.ts'
import { serveCdpSession, SESSION_DEFAULTS } from './cdp-session.ts'
import { answerDiscovery, type DiscoveryReply } from './discovery.ts'
import { followUpstream } from './follow-upstream.ts'
import { OpenSessions } from './open-sessions.ts'
import { type CdpProxyOptions, type CdpProxySettings, cdpProxySettings } from './proxy-options.ts'
import { sessionTelemetry } from './session-telemetry.ts'
import { Upstream } from './upstream.ts'

export type { CdpProxyOptions } from './proxy-options.ts'
export type { CdpConnect, CdpDisconnect } from './proxy-events.ts'
export type { PumpExitCause } from './pump-end.ts'
export { resolveDisconnectReason } from './disconnect-reason.ts'
export type { DisconnectReason } from './proxy-events.ts'

export interface CdpProxy {
  /** `http://127.0.0.1:9333`, without the token. */
  readonly url: string
  /** The browser's address as it is known now; undefined before the first. */
  readonly upstreamUrl: string | undefined
  /** How many sessions are open. */
  readonly sessions: number
  /** Tells every client (1001), waits until every session has said its last event, at most 5 s, and closes the port. Again: the same end. */
  stop(): Promise<void>
}

const STOP_MS_MAX = 5_000

/** Listens, and learns where the browser is. Throws TypeError for wrong options; rejects with the system's error for an address that cannot be had. */
export async function startCdpProxy(options: CdpProxyOptions): Promise<CdpProxy> {
  const settings = cdpProxySettings(options)
  const upstream = new Upstream()
  const stopping = new AbortController()
  const sessions = new OpenSessions()
  const sockets = new Set<Socket>()

  const server = http.createServer({ headersTimeout: 10_000 }, (request, response) => {
    void discover(settings, upstream, request).then((reply) => {
      response.writeHead(reply.status, { 'content-type': reply.type, 'content-length': reply.body.length })
      response.end(reply.body)
    })
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  const session = {
    ...SESSION_DEFAULTS,
    restartConfirmWaitMs: settings.restartConfirmWaitMs,
    dialTimeoutMs: settings.dialTimeoutMs,
    ...(settings.liveness === null ? {} : { liveness: settings.liveness }),
  }
  server.on('upgrade', (request, duplex, head) => {
    const socket = duplex as Socket // we listen on TCP
    const admission = admit(settings, request)
    if (admission.kind === 'refused') return refuse(socket, admission.status, admission.text)
    request.url = targetOf(settings, request)
    const telemetry = sessionTelemetry(settings.sink, settings.attribution)
    const served = serveCdpSession(request, socket, head, {
      upstream,
      settings: session,
      signal: stopping.signal,
      onConnect: (facts) => telemetry.connected(facts),
      onDisconnect: (facts) => telemetry.disconnected(facts),
    })
    sessions.add(served)
  })

  const port = await listen(server, settings)
  const following = followUpstream(settings.source, (url) => upstream.set(url), settings.complain)
  let stopped: Promise<void> | null = null
  return {
    url: `http://${isIPv6(settings.host) ? `[${settings.host}]` : settings.host}:${port}`,
    get upstreamUrl() {
      return upstream.current
    },
    get sessions() {
      return sessions.size
    },
    stop: () => (stopped ??= stop()),
  }

  async function stop(): Promise<void> {
    // First of all: whatever ends from now on, we ended it.
    stopping.abort()
    following.stop()
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    await sessions.drained(STOP_MS_MAX)
    // Upgraded sockets are none of the server's, which would wait for them for ever.
    for (const socket of sockets) socket.destroy()
    await closed
  }
}

function admit(settings: CdpProxySettings, { headers, url = '/' }: http.IncomingMessage) {
  const { host, origin, authorization } = headers
  const fetchSite = headers['sec-fetch-site']
  const facts = {
    host,
    origin,
    authorization,
    fetchSite: Array.isArray(fetchSite) ? fetchSite.join() : fetchSite,
    target: url,
  }
  return decideAdmission(facts, settings)
}

async function discover(
  settings: CdpProxySettings,
  upstream: Upstream,
  request: http.IncomingMessage,
): Promise<DiscoveryReply> {
  const admission = admit(settings, request)
  if (admission.kind === 'refused')
    return { status: admission.status, type: 'text/plain; charset=utf-8', body: Buffer.from(admission.text) }
  const { method = 'GET', headers } = request
  const target = targetOf(settings, request)
  return answerDiscovery({ method, target, host: headers.host ?? '', token: admission.token }, upstream.current)
}

/** Without a token of ours, `token=` is the client's own word to the browser. */
function targetOf(settings: CdpProxySettings, { url = '/' }: http.IncomingMessage): string {
  return settings.token === null ? url : withoutToken(url)
}

/** A whole answer, so that clients can show its text. */
function refuse(socket: Socket, status: number, text: string): void {
  socket.on('error', () => undefined)
  const head = `HTTP/1.1 ${status} ${http.STATUS_CODES[status] ?? ''}\r\ncontent-type: text/plain; charset=utf-8\r\n`
  socket.end(`${head}content-length: ${Buffer.byteLength(text)}\r\nconnection: close\r\n\r\n${text}`, () =>
    socket.destroy(),
  )
}

function listen(server: http.Server, { host, port }: CdpProxySettings): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.removeListener('error', reject)
      resolve((server.address() as AddressInfo).port)
    })
  })
}
