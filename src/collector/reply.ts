import type { IncomingHttpHeaders, ServerResponse } from 'node:http'

/** What is answered to a request, as a value. */
export interface Reply {
  readonly status: number
  readonly type: 'text/plain; charset=utf-8' | 'application/json' | 'text/html; charset=utf-8'
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}

export function text(status: number, body: string, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, type: 'text/plain; charset=utf-8', body, headers }
}

export function json(status: number, value: unknown): Reply {
  return { status, type: 'application/json', body: typeof value === 'string' ? value : JSON.stringify(value) }
}

/** As PostHog: any origin may send events, with credentials. Not for what reads them. */
export function mirrorOrigin(request: IncomingHttpHeaders): Record<string, string> {
  if (request.origin === undefined) return {}
  const asked = request['access-control-request-headers']
  return {
    'access-control-allow-origin': request.origin,
    'access-control-allow-credentials': 'true',
    'access-control-allow-methods': 'GET, POST, OPTIONS',
    ...(asked === undefined ? {} : { 'access-control-allow-headers': asked }),
    vary: 'origin',
  }
}

export function sendReply(response: ServerResponse, reply: Reply): void {
  const body = reply.status === 204 ? '' : reply.body
  response.writeHead(reply.status, {
    ...(body === '' ? {} : { 'content-type': reply.type }),
    ...(reply.status === 204 ? {} : { 'content-length': Buffer.byteLength(body) }),
    'x-content-type-options': 'nosniff',
    ...reply.headers,
  })
  response.end(body)
}

export function notAllowed(allow: string): Reply {
  return text(405, `wants ${allow}\n`, { allow })
}
