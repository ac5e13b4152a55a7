/** From a request to its reply: the collector's routes. Storing happens before the reply exists, so that a 200 is true. */
import type { IncomingMessage } from 'node:http'
import { answerCapture, answerFlags, isCaptureRoute, isFlagsRoute } from './answer-sdk.ts'
import type { Capture } from './answer-sdk.ts'
import { parseEventsQuery } from './events-query.ts'
import { isLoopbackHostHeader } from './loopback.ts'
import { json, mirrorOrigin, notAllowed, text } from './reply.ts'
import type { Reply } from './reply.ts'

export interface Routes extends Capture {
  /** Refuses Host headers that are not loopback names. */
  readonly loopback: boolean
}

/** Undefined if the client went away. Rejects only for a mistake of ours. */
export async function answerRequest(request: IncomingMessage, routes: Routes): Promise<Reply | undefined> {
  const { host = '' } = request.headers
  if (routes.loopback && !isLoopbackHostHeader(host)) return text(403, `Host ${host} is not a name of loopback\n`)
  const url = request.url ?? '/'
  const mark = url.indexOf('?')
  const path = mark < 0 ? url : url.slice(0, mark)
  const query = new URLSearchParams(mark < 0 ? '' : url.slice(mark))
  const route = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
  if (isCaptureRoute(route) || isFlagsRoute(route)) {
    const reply = isFlagsRoute(route) ? answerFlags(request) : await answerCapture(request, route, query, routes)
    return reply && { ...reply, headers: { ...reply.headers, ...mirrorOrigin(request.headers) } }
  }
  return answerReader(request.method ?? '', route, query, routes)
}

const GREETING = `This is an afterword collector. It takes events as PostHog does and keeps them here.

  send    set the PostHog host to this address (POST /batch/, /e/, /i/v0/e/, /capture/, /track/, /engage/)
  read    GET /api/events?limit=&after=&order=oldest|newest&event=&distinct_id=
`

/** What people and programs read. No CORS headers here: a web page may send events, and never read them. */
function answerReader(method: string, route: string, query: URLSearchParams, routes: Routes): Reply {
  const answer = READERS.get(route)
  if (route.startsWith('/i/v1/')) return text(404, 'capture v1 is not spoken here yet: unset POSTHOG_CAPTURE_MODE\n')
  if (!answer) return text(404, `no route ${route.slice(0, 200)}; see GET /\n`)
  return method === 'GET' || method === 'HEAD' ? answer(query, routes) : notAllowed('GET, HEAD')
}

const READERS: ReadonlyMap<string, (query: URLSearchParams, routes: Routes) => Reply> = new Map([
  ['/', () => text(200, GREETING)],
  ['/_readiness', () => text(200, 'capture')],
  ['/_liveness', () => text(200, 'capture')],
  ['/api/events', listEvents],
])

function listEvents(query: URLSearchParams, { store }: Routes): Reply {
  const wanted = parseEventsQuery(query)
  if (wanted.kind === 'refused') return text(400, `${wanted.reason}\n`)
  return { ...json(200, store.list(wanted.query)), headers: { 'cache-control': 'no-store' } }
}
