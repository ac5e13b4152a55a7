/**
 * A PostHog that tells the test everything it was sent and fails exactly as asked. Depends on nothing of ours, so that it cannot
 * share a mistake with what it examines. `startBlackHole` and `refusedPort` are the two servers that are not there.
 *
 *     const posthog = await startFakePostHog()
 *     posthog.respond({ status: 503, retryAfter: 30 })
 *     posthog.respond((request) => request.events.some((event) => event.event === 'poison') ? { status: 500 } : undefined)
 *     posthog.respond('hang')
 *     posthog.respond(undefined)                                     // healthy again
 *     await posthog.waitFor(() => posthog.acceptedByUuid.size === 200)
 */
import http from 'node:http'
import net from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { gunzipSync } from 'node:zlib'

/** One event as it came over the wire (other top-level keys are kept), and the index of the request that brought it. */
export interface FakeEvent {
  readonly uuid: string
  readonly event: string
  readonly distinct_id: string
  readonly timestamp: string
  readonly properties: Readonly<Record<string, unknown>>
  readonly request: number
  readonly [key: string]: unknown
}

export interface FakeRequest {
  readonly index: number
  /** Milliseconds since 1970, when the whole request had arrived. */
  readonly at: number
  readonly method: string
  /** As sent, with the query. */
  readonly path: string
  readonly headers: http.IncomingHttpHeaders
  /** The bytes of the wire, still compressed. */
  readonly rawBody: Buffer
  /** Decompressed and parsed; the text if it is not JSON; undefined if there is none. */
  readonly body: unknown
  readonly events: readonly FakeEvent[]
  /** Whether this server took the events: decided before it answers, so true even if the answer was then lost. */
  readonly accepted: boolean
}

/**
 * `hang` never answers · `drip` status line, then one byte per 100 ms, 100 s in all · `stalledBody` status line and half a body, then nothing ·
 * `cut` half a body, then the connection is destroyed · `reset` RST before any answer · `redirect` 302 · `html` a captive portal's
 * 200 text/html.
 */
export type FaultKind = 'hang' | 'drip' | 'stalledBody' | 'cut' | 'reset' | 'redirect' | 'html'

export interface FaultOptions {
  readonly kind?: FaultKind
  /** @default 200, or 429 with `retryAfter`, 302 with `redirect` */
  readonly status?: number
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Value of the Retry-After header: seconds or an HTTP date. */
  readonly retryAfter?: number | string
  /** Waits so long before the answer (or the fault). */
  readonly delayMs?: number
  /** Location of a 302. @default the requested path itself, for ever */
  readonly redirect?: string
  /** Whether the events count as taken. @default true if the answer's status is 2xx, and false for hang, reset and html */
  readonly accept?: boolean
}

export type Fault = FaultKind | FaultOptions
/** Returns undefined for a healthy answer. */
export type Responder = (request: FakeRequest) => Fault | undefined

export interface FakePostHog {
  /** `http://127.0.0.1:PORT`, without a final slash. */
  readonly url: string
  readonly port: number
  /** Every whole request, in order of arrival, taken or not. */
  readonly requests: readonly FakeRequest[]
  /** Every event of every request, in order of arrival, taken or not, repetitions included. */
  readonly events: readonly FakeEvent[]
  /** Those of accepted requests, repetitions included. */
  readonly acceptedEvents: readonly FakeEvent[]
  /** What PostHog would show after de-duplication: the first copy of each uuid, and how often it was taken. */
  readonly acceptedByUuid: ReadonlyMap<string, { readonly event: FakeEvent; readonly count: number }>
  /** TCP connections ever opened, with or without a request. */
  readonly connections: number
  /** What to do from the next request on. */
  respond(how: Fault | Responder | undefined): void
  /**
   * Resolves with the first truthy value of `predicate`, which is asked now and after each connection and request.
   * Rejects, saying what had arrived. @default timeoutMs 10000
   */
  waitFor<T>(predicate: (server: FakePostHog) => T, options?: { readonly timeoutMs?: number }): Promise<NonNullable<T>>
  /** Destroys every connection and frees the port. Idempotent. */
  close(): Promise<void>
}

export interface FakePostHogOptions {
  /** A fixed port, to come back where an earlier one was closed. @default 0: any free one */
  readonly port?: number
  readonly respond?: Fault | Responder
}

const OK_BODY = '{"status":"Ok"}'
/** Still JSON, and 100 s of dripping. */
const DRIP_BODY: string = OK_BODY.padEnd(1000)
const PORTAL_BODY = '<!doctype html><title>Welcome to Airport Wi-Fi</title>'
const ROUTES = /\/(?:batch|e|capture|track|i\/v0\/e)\/?(?:\?.*)?$/

export async function startFakePostHog(options: FakePostHogOptions = {}): Promise<FakePostHog> {
  const requests: FakeRequest[] = []
  const events: FakeEvent[] = []
  const acceptedEvents: FakeEvent[] = []
  const acceptedByUuid = new Map<string, { event: FakeEvent; count: number }>()
  const sockets = new Set<Socket>()
  const watchers = new Set<() => void>()
  let connections = 0
  let how = options.respond

  const changed = (): void => {
    for (const check of watchers) check()
  }

  const server = http.createServer((message, response) => {
    const chunks: Buffer[] = []
    message.on('error', () => {}) // the client died while sending: not a request
    message.on('data', (chunk: Buffer) => chunks.push(chunk))
    message.on('end', () => {
      const request = recordedRequest(requests.length, message, Buffer.concat(chunks))
      const known = ROUTES.test(request.path)
      const asked = known ? (typeof how === 'function' ? how(request) : how) : { status: 404, body: 'no such route' }
      const fault: FaultOptions = typeof asked === 'string' ? { kind: asked } : (asked ?? {})
      request.accepted = isAccepted(fault)
      requests.push(request)
      events.push(...request.events)
      if (request.accepted) {
        for (const event of request.events) {
          acceptedEvents.push(event)
          const seen = acceptedByUuid.get(event.uuid)
          if (seen) seen.count++
          else if (typeof event.uuid === 'string') acceptedByUuid.set(event.uuid, { event, count: 1 })
        }
      }
      if (fault.delayMs === undefined) answer(fault, request, response)
      else setTimeout(answer, fault.delayMs, fault, request, response)
      changed()
    })
  })
  server.on('connection', (socket) => {
    connections++
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    changed()
  })
  const port = await listen(server, options.port ?? 0)

  const fake: FakePostHog = {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    events,
    acceptedEvents,
    acceptedByUuid,
    get connections() {
      return connections
    },
    respond(next) {
      how = next
    },
    waitFor<T>(predicate: (server: FakePostHog) => T, { timeoutMs = 10_000 } = {}) {
      return new Promise<NonNullable<T>>((resolve, reject) => {
        const settle = (finish: () => void): void => {
          clearTimeout(timer)
          watchers.delete(check)
          finish()
        }
        const check = (): void => {
          try {
            const value = predicate(fake)
            if (value) settle(() => resolve(value))
          } catch (error) {
            settle(() => reject(error))
          }
        }
        const timer = setTimeout(() => {
          settle(() => reject(new Error(`waiting ${timeoutMs} ms for ${String(predicate)}: ${summary(fake)}`)))
        }, timeoutMs)
        watchers.add(check)
        check()
      })
    },
    close: () => close(server, sockets),
  }
  return fake
}

/** A server that completes the TCP handshake and then neither reads nor answers. */
export async function startBlackHole(): Promise<{
  readonly url: string
  readonly port: number
  readonly connections: () => number
  readonly close: () => Promise<void>
}> {
  const sockets = new Set<Socket>()
  let connections = 0
  const server = net.createServer({ pauseOnConnect: true }, (socket) => {
    connections++
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  const port = await listen(server, 0)
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    connections: () => connections,
    close: () => close(server, sockets),
  }
}

/** A port of 127.0.0.1 that was free a moment ago and that nobody listens on. */
export async function refusedPort(): Promise<number> {
  const server = net.createServer()
  const port = await listen(server, 0)
  await close(server, new Set())
  return port
}

function recordedRequest(
  index: number,
  message: http.IncomingMessage,
  rawBody: Buffer,
): { -readonly [K in keyof FakeRequest]: FakeRequest[K] } {
  const body = decodedBody(rawBody)
  return {
    index,
    at: Date.now(),
    method: message.method ?? '',
    path: message.url ?? '',
    headers: message.headers,
    rawBody,
    body,
    events: wireEvents(body).map((event) => ({ ...(event as FakeEvent), request: index })),
    accepted: false,
  }
}

function decodedBody(raw: Buffer): unknown {
  if (raw.length === 0) return undefined
  let text = raw.toString('utf8')
  try {
    if (raw[0] === 0x1f && raw[1] === 0x8b) text = gunzipSync(raw).toString('utf8')
    return JSON.parse(text)
  } catch {
    return text
  }
}

function wireEvents(body: unknown): unknown[] {
  if (typeof body !== 'object' || body === null) return []
  if (Array.isArray(body)) return body
  const batch = (body as { batch?: unknown }).batch
  if (Array.isArray(batch)) return batch
  return 'event' in body ? [body] : []
}

function statusOf(fault: FaultOptions): number {
  if (fault.status !== undefined) return fault.status
  if (fault.kind === 'redirect' || fault.redirect !== undefined) return 302
  return fault.retryAfter === undefined ? 200 : 429
}

function isAccepted(fault: FaultOptions): boolean {
  if (fault.accept !== undefined) return fault.accept
  if (fault.kind === 'hang' || fault.kind === 'reset' || fault.kind === 'html') return false
  return statusOf(fault) >= 200 && statusOf(fault) < 300
}

function answer(fault: FaultOptions, request: FakeRequest, response: http.ServerResponse): void {
  const { kind } = fault
  if (kind === 'hang') return
  if (kind === 'reset') {
    response.socket?.resetAndDestroy()
    return
  }
  const status = statusOf(fault)
  const body = fault.body ?? defaultBody(kind, status)
  const head: Record<string, string | number> = {
    'content-type': kind === 'html' ? 'text/html' : body.startsWith('{') ? 'application/json' : 'text/plain',
    'content-length': Buffer.byteLength(body),
  }
  if (status >= 300 && status < 400) head['location'] = fault.redirect ?? request.path
  if (fault.retryAfter !== undefined) head['retry-after'] = fault.retryAfter
  response.writeHead(status, { ...head, ...fault.headers })
  if (kind === 'drip') drip(response, body)
  else if (kind === 'stalledBody') response.write(body.slice(0, body.length / 2))
  else if (kind === 'cut') response.write(body.slice(0, body.length / 2), () => response.socket?.destroy())
  else response.end(body)
}

function defaultBody(kind: FaultKind | undefined, status: number): string {
  if (kind === 'html') return PORTAL_BODY
  if (status >= 300) return `fault ${status}`
  return kind === 'drip' ? DRIP_BODY : OK_BODY
}

function drip(response: http.ServerResponse, body: string): void {
  response.flushHeaders()
  let sent = 0
  const timer = setInterval(() => {
    if (sent < body.length) response.write(body.charAt(sent++))
    else response.end()
  }, 100)
  response.on('close', () => clearInterval(timer))
}

function summary(server: FakePostHog): string {
  const lines = server.requests.map(
    ({ index, method, path, accepted, events }) =>
      `  ${index} ${method} ${path} ${accepted ? 'accepted' : 'not accepted'}: ${events.map(({ event }) => event).join(', ')}`,
  )
  return [`${server.connections} connections, ${server.requests.length} requests`, ...lines.slice(-20)].join('\n')
}

async function listen(server: net.Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return (server.address() as AddressInfo).port
}

async function close(server: net.Server, sockets: Set<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy()
  await new Promise<void>((resolve) => server.close(() => resolve()))
}
