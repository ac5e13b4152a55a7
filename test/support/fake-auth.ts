/** The host's own auth server: tells a bearer key's principal, counts who asked, and fails exactly as asked. */
import http from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

export const PRINCIPALS: Readonly<Record<string, string>> = {
  'key-alice': 'user-alice',
  'key-alice-2': 'user-alice',
  'key-bob': 'user-bob',
}

export type AuthFault =
  | 'hang'
  | 'stalled-body'
  | 'not-json'
  | 'no-id'
  | 'illegal-id'
  | 'redirect'
  | 'huge'
  | 'reset'
  | 401
  | 500

export interface FakeAuth {
  readonly url: string
  /** The key of every request, in order of arrival. */
  readonly asked: readonly string[]
  /** Requests at the address that `redirect` points to. */
  readonly redirected: number
  respond(fault: AuthFault | undefined): void
  close(): Promise<void>
}

export async function startFakeAuth(): Promise<FakeAuth> {
  const asked: string[] = []
  const sockets = new Set<Socket>()
  let redirected = 0
  let fault: AuthFault | undefined
  const server = http.createServer((request, response) => {
    const say = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
    }
    if (request.url !== '/whoami') {
      redirected += 1
      return say(200, { data: { principal_id: 'user-redirected' } })
    }
    const key = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''
    asked.push(key)
    switch (fault) {
      case undefined: {
        const principal = PRINCIPALS[key]
        return principal === undefined ? say(401, {}) : say(200, { data: { principal_id: principal } })
      }
      case 'hang':
        return
      case 'stalled-body':
        response.writeHead(200, { 'content-length': '1000' }).write('{"data":')
        return
      case 'not-json':
        response.writeHead(200).end('<html>Welcome to Airport Wi-Fi</html>')
        return
      case 'no-id':
        return say(200, { data: {} })
      case 'illegal-id':
        return say(200, { data: { principal_id: 'anonymous' } })
      case 'redirect':
        return say(302, {}, { location: '/elsewhere' })
      case 'huge':
        return say(200, { data: { principal_id: PRINCIPALS[key] }, more: 'x'.repeat(200 * 1024) })
      case 'reset':
        request.socket.resetAndDestroy()
        return
      case 401:
      case 500:
        return say(fault, { data: { principal_id: PRINCIPALS[key] } })
    }
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/whoami`,
    asked,
    get redirected() {
      return redirected
    },
    respond(next) {
      fault = next
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
