import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import net, { type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Answer } from '../../src/reporter/answer.ts'
import { exchange } from '../../src/reporter/exchange.ts'
import { type Environment, openConnections, resolveProxy } from '../../src/reporter/proxy-tunnel.ts'
import { type FakePostHog, refusedPort, startBlackHole, startFakePostHog } from '../support/fake-posthog.ts'

describe('resolveProxy()', () => {
  const P = 'http://proxy:3128'
  const to = (target: string, env: Environment): string | null => resolveProxy(new URL(target), env)?.href ?? null

  it.each<[string, Environment, string | null]>([
    ['http://a.test/', {}, null],
    ['http://a.test/', { HTTP_PROXY: P }, `${P}/`],
    ['http://a.test/', { http_proxy: P, HTTP_PROXY: 'http://other' }, `${P}/`],
    ['http://a.test/', { https_proxy: P }, null],
    ['https://a.test/', { HTTPS_PROXY: P }, `${P}/`],
    ['https://a.test/', { https_proxy: P }, `${P}/`],
    ['https://a.test/', { http_proxy: P }, null],
    ['https://a.test/', { ALL_PROXY: P }, `${P}/`],
    ['http://a.test/', { all_proxy: P }, `${P}/`],
    ['http://a.test/', { http_proxy: 'http://first', all_proxy: P }, 'http://first/'],
    ['http://a.test/', { http_proxy: '' }, null],
    ['http://a.test/', { http_proxy: 'proxy:3128' }, `${P}/`],
    ['http://a.test/', { http_proxy: 'https://proxy' }, 'https://proxy/'],
    ['http://127.0.0.1:8484/', { http_proxy: P }, `${P}/`],
  ])('for %s with %j is %s', (target, env, expected) => {
    expect(to(target, env)).toBe(expected)
  })

  it.each<[string, string, boolean]>([
    ['http://a.test/', '*', true],
    ['http://a.test/', 'a.test', true],
    ['http://A.test/', 'a.TEST', true],
    ['http://a.test/', ' b.test , a.test', true],
    ['http://a.test/', 'b.test a.test', true],
    ['http://a.test./', 'a.test', true],
    ['http://eu.a.test/', 'a.test', true],
    ['http://eu.a.test/', '.a.test', true],
    ['http://eu.a.test/', '*.a.test', true],
    ['http://a.test/', '.a.test', true],
    ['http://nota.test/', 'a.test', false],
    ['http://a.test.evil/', 'a.test', false],
    ['http://a.test/', '', false],
    ['http://a.test/', ',', false],
    ['http://a.test/', '.', false],
    ['http://a.test/', 'a.test:80', true],
    ['https://a.test/', 'a.test:443', true],
    ['http://a.test:8080/', 'a.test:80', false],
    ['http://a.test:8080/', 'a.test:8080', true],
    ['http://127.0.0.1:8484/', '127.0.0.1', true],
    ['http://[::1]:8484/', '::1', true],
    ['http://[::1]:8484/', '[::1]:8484', true],
    ['http://[::1]:8484/', '[::1]:80', false],
  ])('for %s with no_proxy %j is straight: %s', (target, no_proxy, isStraight) => {
    const env = { http_proxy: P, https_proxy: P, no_proxy }
    expect(to(target, env) === null).toBe(isStraight)
    expect(to(target, { HTTP_PROXY: P, HTTPS_PROXY: P, NO_PROXY: no_proxy }) === null).toBe(isStraight)
  })

  it.each(['socks5://127.0.0.1:1080', 'http://', 'http://a b'])('refuses %s instead of going straight', (proxy) => {
    expect(() => to('http://a.test/', { http_proxy: proxy })).toThrow(/PROXY_/)
  })
})

const closers: (() => unknown)[] = []
afterEach(async () => {
  vi.unstubAllEnvs()
  for (const close of closers.splice(0).reverse()) await close()
})

/** Every name leads to `target`; what it was asked, and with which credentials. */
interface TinyProxy {
  readonly url: string
  readonly seen: { readonly method: string; readonly url: string; readonly authorization: string | undefined }[]
}

async function startProxy(target: number, refuse?: number): Promise<TinyProxy> {
  const seen: TinyProxy['seen'] = []
  const note = ({ method = '', url = '', headers }: http.IncomingMessage): void => {
    seen.push({ method, url, authorization: headers['proxy-authorization'] })
  }
  const server = http.createServer((request, response) => {
    note(request)
    const { pathname } = new URL(request.url ?? '')
    const headers = { ...request.headers }
    const onward = http.request(
      { host: '127.0.0.1', port: target, method: 'POST', path: pathname, headers },
      (answer) => answer.pipe(response.writeHead(answer.statusCode ?? 502, answer.headers)),
    )
    request.pipe(onward)
  })
  server.on('connect', (request, socket) => {
    note(request)
    if (refuse !== undefined) {
      socket.end(`HTTP/1.1 ${refuse} no\r\n\r\n`)
      return
    }
    const onward = net.connect(target, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      socket.pipe(onward).pipe(socket)
    })
    for (const end of [socket, onward])
      end.on('error', () => {}).on('close', () => (socket.destroy(), onward.destroy()))
  })
  return { url: await listen(server), seen }
}

async function send(url: string, env: Environment, limitMs = 5000, count = 1): Promise<Answer> {
  const connections = openConnections(env)
  closers.push(() => connections.close())
  const terms = { connections, limitMs, whenOver: 'timeout' } as const
  let answer: Answer | undefined
  for (let n = 0; n < count; n++) answer = await exchange(`${url}/batch/`, {}, '{"batch":[]}', terms)
  return answer as Answer
}

const OK = { kind: 'response', status: 200, body: { status: 'Ok' } }

describe('openConnections()', () => {
  it('asks a proxy for an http address in absolute form, with credentials, and never looks the name up', async () => {
    const posthog = await fakePostHog()
    const proxy = await startProxy(posthog.port)
    const env = { http_proxy: proxy.url.replace('//', '//us%20er:p%40ss@') }
    expect(await send('http://telemetry.invalid:8080', env)).toMatchObject(OK)
    const authorization = `Basic ${Buffer.from('us er:p@ss').toString('base64')}`
    expect(proxy.seen).toEqual([{ method: 'POST', url: 'http://telemetry.invalid:8080/batch/', authorization }])
    expect(posthog.requests[0]?.headers.host).toBe('telemetry.invalid:8080')
  })

  it('goes straight where no_proxy says so', async () => {
    const posthog = await fakePostHog()
    const proxy = await startProxy(posthog.port)
    expect(await send(posthog.url, { http_proxy: proxy.url, no_proxy: '127.0.0.1' })).toMatchObject(OK)
    expect(proxy.seen).toEqual([])
  })

  it('digs one tunnel for many https requests, and checks the certificate of its end', async () => {
    const port = await tlsServer()
    const proxy = await startProxy(port)
    const env = { HTTPS_PROXY: proxy.url.replace('//', '//u:p@') }
    expect(await send('https://telemetry.invalid', env)).toMatchObject({ kind: 'no-answer', reason: 'tls' })
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
    proxy.seen.length = 0
    expect(await send('https://telemetry.invalid', env, 5000, 3)).toMatchObject(OK)
    const authorization = `Basic ${Buffer.from('u:p').toString('base64')}`
    expect(proxy.seen).toEqual([{ method: 'CONNECT', url: 'telemetry.invalid:443', authorization }])
  })

  it.each([407, 502])('reports a proxy that answers CONNECT with %i', async (status) => {
    const proxy = await startProxy(1, status)
    const answer = await send('https://telemetry.invalid', { https_proxy: proxy.url })
    expect(answer).toEqual({ kind: 'no-answer', reason: 'refused', code: `PROXY_${status}` })
  })

  it('reports a proxy that is not there, one that says nothing, and one we cannot speak to', async () => {
    const absent = `http://127.0.0.1:${await refusedPort()}`
    for (const scheme of ['http', 'https']) {
      const env = { all_proxy: absent }
      expect(await send(`${scheme}://telemetry.invalid`, env)).toMatchObject({
        reason: 'refused',
        code: 'ECONNREFUSED',
      })
    }
    const hole = await startBlackHole()
    closers.push(hole.close)
    const silent = await send('https://telemetry.invalid', { all_proxy: hole.url }, 150)
    expect(silent).toEqual({ kind: 'no-answer', reason: 'timeout' })
    const socks = await send('https://telemetry.invalid', { all_proxy: 'socks5://127.0.0.1:1' })
    expect(socks).toEqual({ kind: 'no-answer', reason: 'refused', code: 'PROXY_UNSUPPORTED' })
  })

  it('leaves no socket behind when the limit comes while the tunnel is being dug', async () => {
    const server = net.createServer((socket) => socket.on('error', () => {}).resume())
    const url = await listen(server)
    await send('https://telemetry.invalid', { all_proxy: url }, 100)
    const count = (): Promise<number> => new Promise((resolve) => server.getConnections((_, n) => resolve(n)))
    while ((await count()) > 0) await new Promise(setImmediate)
  })
})

async function fakePostHog(): Promise<FakePostHog> {
  const posthog = await startFakePostHog()
  closers.push(() => posthog.close())
  return posthog
}

async function tlsServer(): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'afterword-tls-'))
  closers.push(() => rmSync(directory, { recursive: true }))
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
  const how = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1']
  execFileSync('openssl', [...how, '-subj', '/CN=localhost', '-keyout', key, '-out', cert], { stdio: 'ignore' })
  const server = https.createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
    request.resume().on('end', () => response.end('{"status":"Ok"}'))
  })
  return Number(new URL(await listen(server)).port)
}

async function listen(server: net.Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const sockets = new Set<net.Socket>()
  server.on('connection', (socket: net.Socket) => sockets.add(socket))
  closers.push(() => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
