#!/usr/bin/env node
// Stands for acme's API: GET /api/v1/auth/validate says whose key it is, or 401. `node auth-server.js [port]`
import { once } from 'node:events'
import { createServer } from 'node:http'
import { pathToFileURL } from 'node:url'

export const PRINCIPALS = { 'key-alice': 'user-alice', 'key-alice-2': 'user-alice', 'key-bob': 'user-bob' }

/**
 * @param {{ port?: number, principals?: Record<string, string> }} [options] port 0, the default, takes any free one
 * @returns {Promise<{ url: string, requests: () => number, stop: () => Promise<void> }>}
 */
export async function startAuthServer({ port = 0, principals = PRINCIPALS } = {}) {
  let requests = 0
  const server = createServer((request, response) => {
    const answer = (status, body) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
    }
    if (request.method !== 'GET' || request.url !== '/api/v1/auth/validate') return answer(404, { error: 'not found' })
    requests += 1
    const key = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1]
    if (key === undefined || !Object.hasOwn(principals, key)) return answer(401, { error: 'unknown key' })
    answer(200, { data: { principal_id: principals[key] } })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    requests: () => requests,
    stop: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { url } = await startAuthServer({ port: Number(process.argv[2] ?? 8485) })
  console.log(`${url} knows ${Object.keys(PRINCIPALS).join(', ')}`)
}
