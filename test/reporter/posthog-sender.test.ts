import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Envelope, Properties } from '../../src/events/envelope.ts'
import { judgeAnswer } from '../../src/reporter/answer.ts'
import { type PostHogSender, startPostHogSender } from '../../src/reporter/posthog-sender.ts'
import { type Fault, type FakePostHog, refusedPort, startFakePostHog } from '../support/fake-posthog.ts'
import { TIMED } from '../support/timed.ts'

let posthog: FakePostHog
let sender: PostHogSender
beforeEach(async () => {
  posthog = await startFakePostHog()
  sender = startPostHogSender({ scrub: ({ properties }) => properties, env: {} })
})
afterEach(async () => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  await posthog.close()
})

const BOX_MS = 10_000

const uuidOf = (n: number): string => `01998c2e-0000-7000-8000-${String(n).padStart(12, '0')}`

function envelope(n: number, more: Partial<Omit<Envelope, 'event'> & { event: string }> = {}): Envelope {
  return {
    schema_version: 1,
    app: 'acme',
    uuid: uuidOf(n),
    timestamp: '2026-11-20T12:00:00.123Z',
    event: 'cli_command',
    distinct_id: 'person',
    is_anon: false,
    properties: { command: 'run', n },
    api_key: 'phc_test',
    host: posthog.url,
    delivery: 'detached',
    ...more,
  } as Envelope
}

const send = (envelopes: readonly Envelope[], boxLeftMs = BOX_MS): ReturnType<PostHogSender['sendBatch']> =>
  sender.sendBatch(envelopes, { host: posthog.url, apiKey: 'phc_test', boxLeftMs })

describe('sendBatch() on the wire', () => {
  it('sends exceptions among others, wherever they stood', async () => {
    const exception = (n: number): Envelope => envelope(n, { event: '$exception', properties: { $exception_list: [] } })
    const answer = await send([envelope(1), exception(2), envelope(3), exception(4), envelope(5)])
    expect(answer).toMatchObject({ kind: 'response', status: 200 })
    expect([...posthog.acceptedByUuid.keys()]).toEqual([1, 3, 5, 2, 4].map(uuidOf))
  })

  it('is one POST of exactly these keys', async () => {
    const answer = await send([envelope(1), envelope(2, { is_anon: true, distinct_id: 'anon' })])
    expect(answer).toMatchObject({ kind: 'response', status: 200, body: { status: 'Ok' } })
    expect(posthog.requests).toHaveLength(1)
    const [request] = posthog.requests
    expect(request).toMatchObject({ method: 'POST', path: '/batch/' })
    expect(request?.headers).toMatchObject({
      'user-agent': expect.stringMatching(/^posthog-node\/\d+\.\d+\.\d+$/),
      'content-type': 'application/json',
      'content-length': String(request?.rawBody.length),
    })
    const body = request?.body as Record<string, unknown>
    expect(Object.keys(body)).toEqual(['api_key', 'batch', 'sent_at'])
    expect(body.api_key).toBe('phc_test')
    expect(body.sent_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    const lib = { $lib: 'posthog-node', $lib_version: expect.stringMatching(/^\d+\.\d+\.\d+$/), $geoip_disable: true }
    expect(body.batch).toEqual([
      {
        event: 'cli_command',
        distinct_id: 'person',
        uuid: envelope(1).uuid,
        timestamp: '2026-11-20T12:00:00.123Z',
        properties: { command: 'run', n: 1, $ip: null, ...lib },
      },
      {
        event: 'cli_command',
        distinct_id: 'anon',
        uuid: envelope(2).uuid,
        timestamp: '2026-11-20T12:00:00.123Z',
        properties: { command: 'run', n: 2, $ip: null, $process_person_profile: false, ...lib },
      },
    ])
  })

  it('is for an alias what client.alias() sends, whether anonymous or not, and unscrubbed', async () => {
    const scrub = vi.fn((): Properties => ({}))
    const own = startPostHogSender({ scrub, env: {} })
    const properties = { distinct_id: 'person', alias: 'anon' }
    const alias = envelope(1, { event: '$create_alias', properties, is_anon: true })
    await own.sendBatch([alias], { host: posthog.url, apiKey: 'phc_test', boxLeftMs: BOX_MS })
    expect(posthog.events[0]?.properties).toEqual({
      ...properties,
      $lib: 'posthog-node',
      $lib_version: expect.any(String),
      $geoip_disable: true,
    })
    expect(scrub).not.toHaveBeenCalled()
  })

  it('differs in sent_at only when it is sent again', async () => {
    posthog.respond({ status: 503 })
    await send([envelope(1), envelope(2)])
    posthog.respond(undefined)
    await send([envelope(1), envelope(2)])
    const [first, second] = posthog.requests.map(({ body }) => ({ ...(body as object), sent_at: '' }))
    expect(second).toEqual(first)
    expect(Object.keys(posthog.events[0] ?? {})).toEqual(Object.keys(posthog.events[2] ?? {}))
  })

  it('carries 100 events in order, compressed, over one connection', async () => {
    const envelopes = Array.from({ length: 100 }, (_, n) => envelope(n))
    await send(envelopes)
    await send(envelopes)
    expect(posthog.requests).toHaveLength(2)
    expect(posthog.connections).toBe(1)
    expect(posthog.requests[0]?.headers['content-encoding']).toBe('gzip')
    expect(posthog.requests[0]?.events.map(({ uuid }) => uuid)).toEqual(envelopes.map(({ uuid }) => uuid))
  })

  it('stays with /batch/ where the environment names another protocol', async () => {
    vi.stubEnv('POSTHOG_CAPTURE_MODE', 'v1')
    startPostHogSender({ scrub: ({ properties }) => properties })
    await send([envelope(1)])
    expect(posthog.requests[0]?.path).toBe('/batch/')
  })

  it('keeps a path of the host, and its final slash away', async () => {
    await sender.sendBatch([envelope(1)], { host: `${posthog.url}/ingest/`, apiKey: 'k', boxLeftMs: BOX_MS })
    expect(posthog.requests[0]?.path).toBe('/ingest/batch/')
  })
})

describe('sendBatch() and what it reports', () => {
  const uuids = [uuidOf(1), uuidOf(2)]

  it.each<[string, Fault | undefined, ReturnType<typeof judgeAnswer>['kind'], number]>([
    ['a healthy server', undefined, 'settled', BOX_MS],
    ['200 {"status":1}', { body: '{"status":1}' }, 'settled', BOX_MS],
    ['v1 results', { body: `{"results":{"${uuids[0]}":{"result":"ok"}}}` }, 'settled', BOX_MS],
    ['HTML', 'html', 'unavailable', BOX_MS],
    ['an empty 200', { body: '' }, 'unavailable', BOX_MS],
    ['204', { status: 204, body: '' }, 'unavailable', BOX_MS],
    ['a redirect', 'redirect', 'unavailable', BOX_MS],
    ['308', { status: 308, redirect: '/elsewhere' }, 'unavailable', BOX_MS],
    ['400', { status: 400 }, 'unacceptable', BOX_MS],
    ['413', { status: 413 }, 'unacceptable', BOX_MS],
    ['401', { status: 401 }, 'paused', BOX_MS],
    ['403', { status: 403 }, 'paused', BOX_MS],
    ['404', { status: 404 }, 'paused', BOX_MS],
    ['405', { status: 405 }, 'paused', BOX_MS],
    ['418', { status: 418 }, 'paused', BOX_MS],
    ['408', { status: 408 }, 'unavailable', BOX_MS],
    ['425', { status: 425 }, 'unavailable', BOX_MS],
    ['429', { status: 429, retryAfter: 7 }, 'unavailable', BOX_MS],
    ['500', { status: 500 }, 'troubled', BOX_MS],
    ['503 that says when', { status: 503, retryAfter: 7 }, 'unavailable', BOX_MS],
    ['reset', 'reset', 'troubled', BOX_MS],
    ['cut', 'cut', 'troubled', BOX_MS],
    ['silence, with little time left', 'hang', 'cut-short', 400],
    ['a stalled body, with little time left', 'stalledBody', 'cut-short', 400],
    ['a drip, with little time left', 'drip', 'cut-short', 400],
  ])('makes one request, prints nothing and reports %s', TIMED, async (_, fault, kind, boxLeftMs) => {
    const printed = (['log', 'info', 'warn', 'error'] as const).map((level) => vi.spyOn(console, level))
    posthog.respond(fault)
    const startedMs = performance.now()
    const answer = await send([envelope(1), envelope(2)], boxLeftMs)
    expect(judgeAnswer(answer, uuids).kind).toBe(kind)
    expect(performance.now() - startedMs).toBeLessThan(boxLeftMs === BOX_MS ? 4000 : 550)
    expect(posthog.requests).toHaveLength(1)
    for (const spy of printed) expect(spy).not.toHaveBeenCalled()
  })

  it('gives a silent server 5 s, and calls that a timeout', TIMED, async () => {
    posthog.respond('hang')
    const startedMs = performance.now()
    expect(await send([envelope(1)])).toEqual({ kind: 'no-answer', reason: 'timeout' })
    expect(performance.now() - startedMs).toBeGreaterThan(4950)
    expect(performance.now() - startedMs).toBeLessThan(5250)
  })

  it('reads Retry-After', async () => {
    posthog.respond({ status: 429, retryAfter: 7 })
    expect(await send([envelope(1)])).toMatchObject({ kind: 'response', status: 429, retryAfterMs: 7000 })
  })

  it('reports who is not there', async () => {
    const host = `http://127.0.0.1:${await refusedPort()}`
    const answer = await sender.sendBatch([envelope(1)], { host, apiKey: 'k', boxLeftMs: BOX_MS })
    expect(answer).toMatchObject({ kind: 'no-answer', reason: 'refused' })
  })

  it('starts nothing without time for it', async () => {
    expect(await send([envelope(1)], 0)).toEqual({ kind: 'no-answer', reason: 'aborted' })
    expect(posthog.connections).toBe(0)
  })

  it('sends nothing rather than under another uuid, without a key, or unscrubbed', async () => {
    const bad = await send([envelope(1, { uuid: 'not-a-uuid' })])
    expect(bad).toEqual({ kind: 'no-answer', reason: 'other', code: 'WIRE_UUIDS_DIFFER' })
    const keyless = await sender.sendBatch([envelope(1)], { host: posthog.url, apiKey: ' ', boxLeftMs: BOX_MS })
    expect(keyless).toEqual({ kind: 'no-answer', reason: 'other', code: 'NOT_SENT' })
    const own = startPostHogSender({
      env: {},
      scrub: () => {
        throw new RangeError('scrub')
      },
    })
    const thrown = await own.sendBatch([envelope(1)], { host: posthog.url, apiKey: 'k', boxLeftMs: BOX_MS })
    expect(thrown).toEqual({ kind: 'no-answer', reason: 'other', code: 'NOT_SENT RangeError' })
    expect(posthog.connections).toBe(0)
  })
})
