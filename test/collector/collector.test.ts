/** The collector from the outside: real bytes over real sockets, and PostHog's own SDK. */
import http from 'node:http'
import net from 'node:net'
import { gzipSync } from 'node:zlib'
import { PostHog } from 'posthog-node'
import { afterEach, describe, expect, test } from 'vitest'
import { startCollector } from '../../src/collector/collector.ts'
import type { CollectedEvent, Collector, CollectorOptions } from '../../src/collector/collector.ts'
import { WIRE_BYTES_MAX } from '../../src/collector/decode-payload.ts'
import { chooseSqliteDriver } from '../../src/collector/sqlite-driver.ts'
import type { SqliteDriver, SqliteParameter, SqliteStatement } from '../../src/collector/sqlite-driver.ts'
import { startFakePostHog } from '../support/fake-posthog.ts'

const NOW = Date.parse('2026-11-20T12:00:00.000Z')

const collectors: Collector[] = []
afterEach(async () => {
  await Promise.all(collectors.splice(0).map((collector) => collector.stop()))
})

async function start(options: CollectorOptions = {}, now: () => number = () => NOW): Promise<Collector> {
  const collector = await startCollector({ listen: '127.0.0.1:0', ...options }, { now })
  collectors.push(collector)
  return collector
}

const event = { event: 'e', distinct_id: 'd' }
const batchOf = (...batch: object[]): string => JSON.stringify({ api_key: 'phc_x', batch })

interface Answer {
  status: number
  text: string
  headers: Headers
}

async function send(
  collector: Collector,
  path: string,
  body?: string | Buffer,
  init: RequestInit = {},
): Promise<Answer> {
  const method = body === undefined ? 'GET' : 'POST'
  const response = await fetch(collector.url + path, { method, ...(body === undefined ? {} : { body }), ...init })
  return { status: response.status, text: await response.text(), headers: response.headers }
}

/** Writes bytes as they are, resolves with all that came back once the server closed. */
function raw(collector: Collector, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(collector.port, '127.0.0.1', () => socket.write(bytes))
    let answer = ''
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => (answer += text))
    socket.on('close', () => resolve(answer))
    socket.on('error', reject)
  })
}

const names = (collector: Collector): string[] => collector.listEvents().events.map((stored) => stored.event)

describe('capture routes', () => {
  test.each([
    '/batch',
    '/batch/',
    '/e',
    '/e/',
    '/i/v0/e',
    '/i/v0/e/',
    '/capture',
    '/capture/',
    '/track',
    '/engage/?ip=1&ver=2',
  ])('POST %s takes a gzipped batch', async (path) => {
    const collector = await start()
    // The header lies on purpose: the bytes decide.
    const init = { headers: { 'content-type': 'text/plain', 'content-encoding': 'identity' } }
    expect(await send(collector, path, gzipSync(batchOf(event, { ...event, event: 'f' })), init)).toMatchObject({
      status: 200,
      text: '{"status":"Ok"}',
    })
    expect(names(collector)).toEqual(['e', 'f'])
  })

  test('takes a single event, an array, a form, base64, and GET with data', async () => {
    const collector = await start()
    const one = (name: string): string => JSON.stringify({ token: 'k', ...event, event: name })
    const base64 = (text: string): string => Buffer.from(text).toString('base64')
    await send(collector, '/e/', one('single'))
    await send(collector, '/e/', `[${one('array')}]`)
    await send(collector, '/e/', new URLSearchParams({ data: base64(one('form')) }).toString(), {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    await send(collector, '/e/?compression=base64', base64(one('base64')))
    await send(collector, `/e/?data=${encodeURIComponent(base64(one('query')))}&_=${NOW + 5000}`)
    expect(names(collector)).toEqual(['single', 'array', 'form', 'base64', 'query'])
  })

  test('one bad event refuses the batch with its reason, and nothing is stored', async () => {
    const collector = await start()
    const refused = await send(collector, '/batch/', batchOf(event, { event: 'no id' }, event))
    expect(refused).toMatchObject({ status: 400, text: 'event submitted without a distinct_id' })
    expect(refused.headers.get('content-type')).toMatch(/^text\/plain/)
    expect(await send(collector, '/batch/', JSON.stringify({ batch: [event] }))).toMatchObject({ status: 401 })
    expect(await send(collector, '/batch/', batchOf())).toMatchObject({ status: 400, text: 'request holds no event' })
    expect(await send(collector, '/batch/', '')).toMatchObject({ status: 400 })
    expect(names(collector)).toEqual([])
  })

  test('an event sent again is one event', async () => {
    const collector = await start()
    const body = batchOf({
      ...event,
      uuid: '01a1f8d2-b997-729d-9740-655c933b040f',
      timestamp: '2026-11-20T11:00:00.000Z',
    })
    for (let i = 0; i < 3; i++) expect((await send(collector, '/batch/', body)).status).toBe(200)
    expect(names(collector)).toEqual(['e'])
  })

  test('beacon=1 answers 204 without a body', async () => {
    const collector = await start()
    expect(await send(collector, '/e/?beacon=1', batchOf(event))).toMatchObject({ status: 204, text: '' })
    expect(names(collector)).toEqual(['e'])
  })

  test('mirrors the origin for what sends, and never for what reads', async () => {
    const collector = await start()
    const headers = { origin: 'https://app.example', 'access-control-request-headers': 'content-type,x-a' }
    const preflight = await send(collector, '/batch/', undefined, { method: 'OPTIONS', headers })
    expect(preflight.status).toBe(200)
    expect(Object.fromEntries(preflight.headers)).toMatchObject({
      'access-control-allow-origin': 'https://app.example',
      'access-control-allow-headers': 'content-type,x-a',
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'GET, POST, OPTIONS',
    })
    const refused = await send(collector, '/batch/', '{', { headers })
    expect(refused.headers.get('access-control-allow-origin')).toBe('https://app.example')
    const read = await send(collector, '/api/events', undefined, { headers })
    expect(read.headers.get('access-control-allow-origin')).toBeNull()
  })

  test('/flags and /decide have no flags', async () => {
    const collector = await start()
    for (const path of ['/flags/?v=2', '/decide']) {
      const { status, text } = await send(collector, path, '{}')
      expect([status, JSON.parse(text)]).toMatchObject([200, { flags: {}, errorsWhileComputingFlags: false }])
    }
  })

  test('answers 503 while events cannot be stored, and recovers', async () => {
    const sqlite = chooseSqliteDriver()
    let full = true
    const driver: SqliteDriver = {
      name: sqlite.name,
      open: (path) => {
        const database = sqlite.open(path)
        const prepare = (sql: string): SqliteStatement => {
          const statement = database.prepare(sql)
          if (!sql.startsWith('INSERT INTO events')) return statement
          const run = (parameters: readonly SqliteParameter[]): void => {
            if (full) throw new Error('database or disk is full')
            statement.run(parameters)
          }
          return { ...statement, run }
        }
        return { ...database, prepare }
      },
    }
    const collector = await startCollector({ listen: '127.0.0.1:0' }, { driver })
    collectors.push(collector)
    expect(await send(collector, '/batch/', batchOf(event))).toMatchObject({
      status: 503,
      text: 'cannot store events: database or disk is full',
    })
    full = false
    expect((await send(collector, '/batch/', batchOf(event))).status).toBe(200)
    expect(names(collector)).toEqual(['e'])
  })

  test('onEvents hears of events once they are stored', async () => {
    const heard: (readonly CollectedEvent[])[] = []
    const collector = await start({ onEvents: (events) => heard.push(events) })
    await send(collector, '/batch/', batchOf(event, event))
    await send(collector, '/batch/', batchOf({}))
    expect(heard).toEqual([
      [expect.objectContaining({ event: 'e', distinctId: 'd', receivedAtMs: NOW }), expect.anything()],
    ])
  })
})

describe('limits', () => {
  test('a body over the wire cap is refused with 413, said beforehand or not', async () => {
    const collector = await start()
    const large = Buffer.alloc(WIRE_BYTES_MAX + 1, 0x20)
    expect((await send(collector, '/batch/', large)).status).toBe(413)
    const status = await new Promise((resolve, reject) => {
      const request = http.request(`${collector.url}/batch/`, { method: 'POST' }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      request.on('error', reject)
      request.write(large.subarray(1)) // chunked: no length to look at
      request.end('xx')
    })
    expect(status).toBe(413)
    expect((await send(collector, '/batch/', large.subarray(1))).status).toBe(400)
  })

  test('a bomb is refused with 413', async () => {
    const collector = await start()
    const bomb = gzipSync(Buffer.alloc(101 * 1024 * 1024, 0x20))
    expect(await send(collector, '/batch/', bomb)).toMatchObject({ status: 413, text: 'maximum event size exceeded' })
  })
})

describe('requests that are none', () => {
  test.each<[string, string, RegExp]>([
    ['no HTTP', 'hello\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['no Host', 'POST /batch/ HTTP/1.1\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}', /^HTTP\/1\.1 400 /],
    [
      'two lengths',
      'POST /e HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}',
      /^HTTP\/1\.1 400 /,
    ],
    [
      'a chunk that is none',
      'POST /e HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
      /^HTTP\/1\.1 400 /,
    ],
    [
      'a page of another name',
      'POST /e HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}',
      /^HTTP\/1\.1 403 /,
    ],
    ['HTTP/1.0 without Host', 'GET /api/events HTTP/1.0\r\n\r\n', /^HTTP\/1\.1 403 /],
    [
      'an absolute target',
      'GET http://127.0.0.1/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
      /^HTTP\/1\.1 404 /,
    ],
    [
      'no percent code',
      'GET /api/events?event=%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
      /^HTTP\/1\.1 200 /,
    ],
    [
      'a good one',
      'GET / HTTP/1.1\r\nHost: localhost:1\r\nConnection: close\r\n\r\n',
      /^HTTP\/1\.1 200 OK[^]*afterword collector/,
    ],
  ])('%s', async (_, bytes, answer) => {
    const collector = await start()
    expect(await raw(collector, bytes)).toMatch(answer)
    expect(names(collector)).toEqual([])
  })

  test('a client that leaves in the middle stores nothing and harms nobody', async () => {
    const collector = await start()
    const socket = net.connect(collector.port, '127.0.0.1')
    socket.write(
      'POST /e HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5000\r\n\r\n{"api_key":',
    )
    await new Promise((resolve) => socket.once('data', resolve)) // "100 Continue": the request has begun
    socket.resetAndDestroy()
    expect((await send(collector, '/batch/', batchOf(event))).status).toBe(200)
    expect(names(collector)).toEqual(['e'])
  })
})

describe('reading', () => {
  test('GET /api/events pages by seq and filters', async () => {
    const collector = await start()
    const uuid = '01a1f8d2-b997-729d-9740-655c933b0400'
    await send(
      collector,
      '/batch/',
      batchOf({ ...event, uuid, properties: { a: 1 } }, event, { ...event, distinct_id: 'x y' }),
    )
    const list = async (query: string): Promise<{ events: { seq: number }[]; next: number | null }> =>
      JSON.parse((await send(collector, `/api/events?${query}`)).text) as never
    expect((await list('limit=1')).events).toEqual([
      {
        seq: 1,
        uuid,
        event: 'e',
        distinct_id: 'd',
        timestamp: '2026-11-20T12:00:00.000Z',
        received_at: '2026-11-20T12:00:00.000Z',
        properties: { a: 1 },
      },
    ])
    expect(await list('limit=2')).toMatchObject({ events: [{ seq: 1 }, { seq: 2 }], next: 2 })
    expect(await list('limit=2&after=2')).toMatchObject({ events: [{ seq: 3 }], next: null })
    expect(await list('order=newest&limit=2')).toMatchObject({ events: [{ seq: 3 }, { seq: 2 }], next: 2 })
    expect(await list('distinct_id=x+y&event=e')).toMatchObject({ events: [{ seq: 3 }], next: null })
    expect(await list('event=none&after=')).toEqual({ events: [], next: null })
  })

  test.each(['limit=0', 'limit=1001', 'limit=ten', 'after=-1', 'after=1e3', 'order=up', 'evnet=x'])(
    'GET /api/events?%s is wrong',
    async (query) => {
      const collector = await start()
      expect((await send(collector, `/api/events?${query}`)).status).toBe(400)
    },
  )

  test('answers people, health checks, and wrong routes', async () => {
    const collector = await start()
    expect((await send(collector, '/')).text).toContain('/api/events')
    expect((await send(collector, '/_readiness')).text).toBe('capture')
    expect((await send(collector, '/_liveness/')).text).toBe('capture')
    expect((await send(collector, '/s/', '{}')).status).toBe(404)
    expect((await send(collector, '/i/v1/analytics/events/', '{}')).text).toContain('POSTHOG_CAPTURE_MODE')
    const refused = await send(collector, '/api/events', '{}')
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    expect((await send(collector, '/batch/', undefined, { method: 'DELETE' })).status).toBe(405)
    expect((await send(collector, '/api/events', undefined, { method: 'HEAD' })).status).toBe(200)
  })
})

test("PostHog's own SDK delivers capture and alias, in order, with its ids", async () => {
  const collector = await start({}, Date.now)
  const posthog = new PostHog('phc_sdk', { host: collector.url, flushAt: 1, flushInterval: 0, fetchRetryCount: 0 })
  const uuid = '01a1f8d2-b997-729d-9740-655c933b0401'
  const timestamp = new Date(Date.now() - 60_000)
  posthog.alias({ distinctId: 'user-1', alias: 'anon-1' })
  posthog.capture({ distinctId: 'user-1', event: 'login', uuid, timestamp, properties: { command: 'login' } })
  await posthog.shutdown()
  const { events } = collector.listEvents({ distinctId: 'user-1' })
  expect(events).toHaveLength(2)
  const alias = events.find(({ event: name }) => name === '$create_alias')
  expect(alias?.properties).toMatchObject({ distinct_id: 'user-1', alias: 'anon-1', $lib: 'posthog-node' })
  const login = events.find(({ event: name }) => name === 'login')
  expect(login).toMatchObject({ uuid, properties: { command: 'login', $geoip_disable: true } })
  // One clock on both sides: what is corrected is the way of the request.
  expect(Math.abs(Date.parse(login?.timestamp ?? '') - timestamp.getTime())).toBeLessThan(5_000)
})

test('gives the same verdicts as the fake that other tests stand on', async () => {
  const [collector, fake] = [await start(), await startFakePostHog()]
  const body = gzipSync(batchOf({ ...event, uuid: '01a1f8d2-b997-729d-9740-655c933b0402' }))
  const answers = await Promise.all(
    [collector.url, fake.url].map(async (url) => {
      const response = await fetch(`${url}/batch/`, { method: 'POST', body })
      return [response.status, await response.text(), response.headers.get('content-type')]
    }),
  )
  await fake.close()
  expect(answers[0]).toEqual(answers[1])
  expect(fake.acceptedEvents[0]?.uuid).toBe(collector.listEvents().events[0]?.uuid)
})

describe('startCollector()', () => {
  test('says that its address is in use, and leaves nothing open', async () => {
    const first = await start()
    const second = startCollector({ listen: `127.0.0.1:${first.port}` })
    await expect(second).rejects.toMatchObject({ code: 'address-unavailable', message: /in use/ })
  })

  test('listens on ::1', async () => {
    const collector = await start({ listen: '[::1]:0' })
    expect(collector.url).toMatch(/^http:\/\/\[::1\]:\d+$/)
    expect((await send(collector, '/batch/', batchOf(event))).status).toBe(200)
  })

  test('answers any Host where others may come from', async () => {
    const collector = await start({ listen: '0.0.0.0:0', allowRemote: true })
    const answer = await raw(collector, 'GET / HTTP/1.1\r\nHost: box.lan\r\nConnection: close\r\n\r\n')
    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
  })
})

describe('stop()', () => {
  test('finishes a request that has begun, cuts idle connections, refuses new ones', async () => {
    const heard: string[] = []
    const collector = await start({ onEvents: (events) => heard.push(...events.map((each) => each.event)) })
    const body = batchOf(event)
    const begun = net.connect(collector.port, '127.0.0.1')
    begun.write(
      `POST /e HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n{`,
    )
    await new Promise((resolve) => begun.once('data', resolve))
    const idle = net.connect(collector.port, '127.0.0.1')
    await new Promise((resolve) => idle.once('connect', resolve))

    const stopped = collector.stop()
    await new Promise((resolve) => idle.once('close', resolve))
    await expect(fetch(collector.url)).rejects.toThrow()
    let answer = ''
    begun.on('data', (bytes: Buffer) => (answer += bytes.toString()))
    begun.write(body.slice(1))
    await new Promise((resolve) => begun.once('close', resolve))
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK[^]*connection: close[^]*\{"status":"Ok"\}$/i)
    await stopped
    expect(heard).toEqual(['e'])
  })

  test('is idempotent', async () => {
    const collector = await start()
    expect(collector.stop()).toBe(collector.stop())
    await collector.stop()
    await collector.stop()
  })
})
