import http from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { bearerGet } from '../../src/reporter/bearer-get.ts'
import { refusedPort, startBlackHole } from '../support/fake-posthog.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

async function serve(answer: http.RequestListener): Promise<{ url: string; seen: http.IncomingMessage[] }> {
  const seen: http.IncomingMessage[] = []
  const server = http.createServer((request, response) => {
    seen.push(request)
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/me`, seen }
}

const BODY = '{"data":{"principal_id":"usr_é"}}'

describe('bearerGet()', () => {
  it('gives the body of a 200, asked for with the credential', async () => {
    const { url, seen } = await serve((_, response) => response.end(BODY))
    expect(await bearerGet(url, 'key', 2000, {})).toBe(BODY)
    expect(seen[0]?.method).toBe('GET')
    expect(seen[0]?.headers).toMatchObject({ authorization: 'Bearer key', accept: 'application/json' })
  })

  it.each([201, 204, 301, 302, 401, 403, 404, 429, 500])('gives null for %i, and follows nowhere', async (status) => {
    const { url, seen } = await serve((_, response) => response.writeHead(status, { location: '/other' }).end(BODY))
    expect(await bearerGet(url, 'key', 2000, {})).toBeNull()
    expect(seen).toHaveLength(1)
  })

  it('gives null for a body beyond the cap, and for one that breaks off', async () => {
    const endless = await serve((_, response) => {
      const more = (): void => {
        while (response.write('x'.repeat(16 * 1024)));
      }
      response.on('drain', more)
      more()
    })
    expect(await bearerGet(endless.url, 'key', 5000, {})).toBeNull()
    const torn = await serve((_, response) => {
      response.writeHead(200, { 'content-length': 1000 })
      response.write(BODY, () => response.destroy())
    })
    expect(await bearerGet(torn.url, 'key', 5000, {})).toBeNull()
  })

  it.each<[string, http.RequestListener]>([
    ['drips', (_, response) => void setInterval(() => response.write(' '), 20).unref()],
    ['stops after the head', (_, response) => response.writeHead(200).flushHeaders()],
    ['says nothing', () => {}],
  ])('is over at its limit when the server %s, and leaves no socket', async (_, answer) => {
    const { url, seen } = await serve(answer)
    const startedAt = Date.now()
    expect(await bearerGet(url, 'key', 150, {})).toBeNull()
    expect(Date.now() - startedAt).toBeLessThan(2000)
    while (seen.some(({ socket }) => !socket.destroyed)) await new Promise(setImmediate)
  })

  it('gives null where nobody is, where nobody answers, and for what cannot be asked', async () => {
    expect(await bearerGet(`http://127.0.0.1:${await refusedPort()}/`, 'key', 2000, {})).toBeNull()
    const hole = await startBlackHole()
    closers.push(hole.close)
    expect(await bearerGet(hole.url, 'key', 100, {})).toBeNull()
    for (const url of ['', 'me', 'file:///etc/passwd', 'http://', 'http://a b/'])
      expect(await bearerGet(url, 'key', 2000, {})).toBeNull()
    expect(await bearerGet(hole.url, 'a\nb', 2000, {})).toBeNull()
    expect(await bearerGet(hole.url, 'key', 2000, { all_proxy: 'socks5://127.0.0.1:1' })).toBeNull()
  })

  it('goes through the proxy that the environment names', async () => {
    const { url, seen } = await serve((_, response) => response.end(BODY))
    const proxy = new URL(url).origin.replace('//', '//u:p@')
    expect(await bearerGet('http://service.invalid/me', 'key', 2000, { HTTP_PROXY: proxy })).toBe(BODY)
    expect(seen[0]?.url).toBe('http://service.invalid/me')
    expect(seen[0]?.headers['proxy-authorization']).toBe(`Basic ${Buffer.from('u:p').toString('base64')}`)
    const tunnels: string[] = []
    const tunnel = http.createServer().on('connect', (request, socket: Socket) => {
      tunnels.push(request.url ?? '')
      socket.end('HTTP/1.1 403 no\r\n\r\n')
    })
    await new Promise<void>((resolve) => tunnel.listen(0, '127.0.0.1', resolve))
    closers.push(() => new Promise((resolve) => tunnel.close(resolve)))
    const env = { https_proxy: `http://127.0.0.1:${(tunnel.address() as AddressInfo).port}` }
    expect(await bearerGet('https://service.invalid/me', 'key', 2000, env)).toBeNull()
    expect(tunnels).toEqual(['service.invalid:443'])
  })
})
