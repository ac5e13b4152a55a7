import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import net, { type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { Answer } from '../../src/reporter/answer.ts'
import { exchange } from '../../src/reporter/exchange.ts'
import { type Connections, openConnections } from '../../src/reporter/proxy-tunnel.ts'
import { type Fault, type FakePostHog, refusedPort, startBlackHole, startFakePostHog } from '../support/fake-posthog.ts'
import { TIMED } from '../support/timed.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function fakePostHog(fault?: Fault): Promise<FakePostHog> {
  const posthog = await startFakePostHog(fault === undefined ? {} : { respond: fault })
  closers.push(() => posthog.close())
  return posthog
}

function connections(): Connections {
  const opened = openConnections({})
  closers.push(() => opened.close())
  return opened
}

interface Sent {
  readonly answer: Answer
  readonly tookMs: number
}

async function send(url: string, limitMs: number, over: Partial<Parameters<typeof exchange>[3]> = {}): Promise<Sent> {
  const startedMs = performance.now()
  const terms = { connections: over.connections ?? connections(), limitMs, whenOver: 'timeout', ...over } as const
  const answer = await exchange(`${url}/batch/`, { 'content-type': 'application/json' }, '{"batch":[]}', terms)
  return { answer, tookMs: performance.now() - startedMs }
}

/** Resolves once the server sees no connection any more. */
async function noConnectionLeft(server: net.Server): Promise<void> {
  const count = (): Promise<number> => new Promise((resolve) => server.getConnections((_, n) => resolve(n)))
  while ((await count()) > 0) await new Promise(setImmediate)
}

describe('exchange()', () => {
  it.each<[string, Fault | undefined, Partial<Extract<Answer, { kind: 'response' }>>]>([
    ['a healthy server', undefined, { status: 200, body: { status: 'Ok' } }],
    ['HTML', 'html', { status: 200, body: null }],
    ['a redirect', 'redirect', { status: 302 }],
    ['307', { status: 307, redirect: 'http://127.0.0.1:1/' }, { status: 307 }],
    ['400', { status: 400, body: 'missing\nevent name' }, { status: 400, text: 'missing event name' }],
    ['429 with seconds', { status: 429, retryAfter: 60 }, { status: 429, retryAfterMs: 60_000 }],
    ['503 without', { status: 503 }, { status: 503, retryAfterMs: null }],
    ['503 with a drip for a body', { kind: 'drip', status: 503 }, { status: 503 }],
    ['401 with a stalled body', { kind: 'stalledBody', status: 401 }, { status: 401 }],
    ['500 cut off', { kind: 'cut', status: 500 }, { status: 500 }],
  ])('reports %s exactly, after one request', TIMED, async (_, fault, expected) => {
    const posthog = await fakePostHog(fault)
    const { answer, tookMs } = await send(posthog.url, 2000)
    expect(answer).toMatchObject({ kind: 'response', ...expected })
    expect(posthog.requests).toHaveLength(1)
    expect(tookMs).toBeLessThan(1500)
  })

  it.each<[string, Fault, Answer]>([
    ['reset', 'reset', { kind: 'no-answer', reason: 'reset', code: 'ECONNRESET' }],
    ['a 200 cut off in the body', 'cut', { kind: 'no-answer', reason: 'reset' }],
  ])('reports %s', async (_, fault, expected) => {
    const posthog = await fakePostHog(fault)
    expect((await send(posthog.url, 2000)).answer).toMatchObject(expected)
    expect(posthog.requests).toHaveLength(1)
  })

  it.each<[string, Fault]>([
    ['a server that never answers', 'hang'],
    ['a 200 whose body stalls', 'stalledBody'],
    ['a 200 that drips', 'drip'],
  ])('leaves %s at the limit, and no socket behind', TIMED, async (_, fault) => {
    const posthog = await fakePostHog(fault)
    const { answer, tookMs } = await send(posthog.url, 250)
    expect(answer).toEqual({ kind: 'no-answer', reason: 'timeout' })
    expect(tookMs).toBeGreaterThan(240)
    expect(tookMs).toBeLessThan(450)
  })

  it('destroys its socket at the limit: the server sees it close', async () => {
    let closed: () => void
    const isClosed = new Promise<void>((resolve) => (closed = resolve))
    const server = http.createServer(() => {}).on('connection', (socket) => socket.on('close', () => closed()))
    const url = await listen(server)
    await send(url, 100)
    await isClosed
    await noConnectionLeft(server)
  })

  it('gives what there is of a 400 at the limit', async () => {
    const posthog = await fakePostHog({ kind: 'stalledBody', status: 400, body: 'bad timestamp, and so on' })
    const { answer } = await send(posthog.url, 150)
    expect(answer).toMatchObject({ kind: 'response', status: 400, text: 'bad timestam' })
  })

  it('reports a server that takes the connection and nothing else', async () => {
    const hole = await startBlackHole()
    closers.push(hole.close)
    expect((await send(hole.url, 100)).answer).toEqual({ kind: 'no-answer', reason: 'timeout' })
  })

  it('reports a refused connection, a name that does not exist, and an address that is none', async () => {
    const url = `http://127.0.0.1:${await refusedPort()}`
    expect((await send(url, 2000)).answer).toEqual({ kind: 'no-answer', reason: 'refused', code: 'ECONNREFUSED' })
    const nowhere = (await send('http://telemetry.invalid', 5000)).answer
    expect(nowhere).toMatchObject({ kind: 'no-answer', reason: 'dns' })
    expect((await send('nonsense', 2000)).answer).toMatchObject({ kind: 'no-answer', code: 'ERR_INVALID_URL' })
    expect((await send('ftp://a', 2000)).answer).toMatchObject({ kind: 'no-answer', code: 'ERR_INVALID_PROTOCOL' })
  })

  it('calls it aborted when the limit was not the full one, and when it is told to leave', async () => {
    const posthog = await fakePostHog('hang')
    expect((await send(posthog.url, 50, { whenOver: 'aborted' })).answer).toEqual({
      kind: 'no-answer',
      reason: 'aborted',
    })
    const controller = new AbortController()
    const sent = send(posthog.url, 60_000, { signal: controller.signal })
    await posthog.waitFor(({ requests }) => requests.length === 2)
    controller.abort()
    expect((await sent).answer).toEqual({ kind: 'no-answer', reason: 'aborted' })
    expect((await send(posthog.url, 60_000, { signal: AbortSignal.abort() })).answer).toMatchObject({
      reason: 'aborted',
    })
  })

  it('reads 64 KiB of an answer and hangs up on the rest', async () => {
    const server = http.createServer((_, response) => {
      const pump = (): void => {
        while (response.write('x'.repeat(16_384)));
      }
      response.on('drain', pump)
      pump()
    })
    const { answer } = await send(await listen(server), 5000)
    expect(answer).toMatchObject({ kind: 'response', status: 200, body: null })
    await noConnectionLeft(server)
  })

  it('reports what is not HTTP', async () => {
    const server = net.createServer((socket) => socket.on('error', () => {}).end('SSH-2.0-OpenSSH_9.6\r\n'))
    expect((await send(await listen(server), 2000)).answer).toMatchObject({ kind: 'no-answer', reason: 'other' })
  })

  it('uses one connection for many requests, and none after close()', async () => {
    const posthog = await fakePostHog()
    const kept = connections()
    for (let n = 0; n < 3; n++) await send(posthog.url, 2000, { connections: kept })
    expect(posthog.connections).toBe(1)
    kept.close()
    await send(posthog.url, 2000, { connections: kept })
    expect(posthog.connections).toBe(2)
  })

  it('tries again, once, when the server closed the idle connection that it took up', async () => {
    let requests = 0
    const server = http.createServer((request, response) => {
      requests++
      request.resume()
      if (requests === 2) request.socket.resetAndDestroy()
      else response.end('{"status":"Ok"}')
    })
    const url = await listen(server)
    const kept = connections()
    await send(url, 2000, { connections: kept })
    expect((await send(url, 2000, { connections: kept })).answer).toMatchObject({ kind: 'response', status: 200 })
    expect(requests).toBe(3)
  })

  it('speaks TLS to whom it can trust, and says tls of whom it cannot', async () => {
    const { key, cert } = selfSigned()
    const server = https.createServer({ key, cert }, (request, response) => {
      request.resume().on('end', () => response.end('{"status":"Ok"}'))
    })
    const url = (await listen(server)).replace('http:', 'https:')
    expect((await send(url, 5000)).answer).toMatchObject({ kind: 'no-answer', reason: 'tls' })
    const agent = https.globalAgent // a CA of the environment is Node's affair; here it is named by hand
    const trusting: Connections = {
      request: (method, target, headers) => https.request(target, { method, headers, ca: cert, agent }),
      close: () => {},
    }
    closers.push(() => agent.destroy())
    expect((await send(url, 5000, { connections: trusting })).answer).toMatchObject({ kind: 'response', status: 200 })
    const plain = await fakePostHog()
    expect((await send(plain.url.replace('http:', 'https:'), 5000)).answer).toMatchObject({ reason: 'tls' })
  })
})

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

function selfSigned(): { readonly key: Buffer; readonly cert: Buffer } {
  const directory = mkdtempSync(join(tmpdir(), 'afterword-tls-'))
  try {
    const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:telemetry.test']
    const how = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1']
    execFileSync('openssl', [...how, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' })
    return { key: readFileSync(key), cert: readFileSync(cert) }
  } finally {
    rmSync(directory, { recursive: true })
  }
}
