import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type AckingFetch, ackingFetch } from '../../src/reporter/acking-fetch.ts'
import { type Connections, openConnections } from '../../src/reporter/proxy-tunnel.ts'
import { type FakePostHog, startFakePostHog } from '../support/fake-posthog.ts'

let posthog: FakePostHog
let connections: Connections
beforeEach(async () => {
  posthog = await startFakePostHog()
  connections = openConnections({})
})
afterEach(async () => {
  connections.close()
  await posthog.close()
})

const headers = { 'content-type': 'application/json', 'user-agent': 'test' }
const bodyOf = (...uuids: string[]): string => JSON.stringify({ batch: uuids.map((uuid) => ({ uuid, event: 'e' })) })

function acking(...uuids: string[]): AckingFetch {
  return ackingFetch(uuids, { connections, limitMs: 500, whenOver: 'timeout' })
}

describe('ackingFetch()', () => {
  it('tells posthog-node 200 only for an answer that settles the events', async () => {
    const acked = acking('a', 'b')
    expect(acked.answer()).toBeNull()
    const response = await acked.fetch(`${posthog.url}/batch/`, { headers, body: bodyOf('a', 'b') })
    expect(response.status).toBe(200)
    expect([await response.text(), await response.json(), response.headers.get('retry-after')]).toEqual(['', {}, null])
    expect(acked.answer()).toMatchObject({ kind: 'response', status: 200, body: { status: 'Ok' } })
    expect(posthog.requests[0]?.headers).toMatchObject({ ...headers, 'accept-encoding': 'identity' })
  })

  it.each(['html', 'redirect', 'hang', 'reset', 'cut', { status: 413 }, { status: 429 }, { status: 503 }] as const)(
    'tells posthog-node 400 for %j, so that it neither halves nor retries nor follows',
    async (fault) => {
      posthog.respond(fault)
      const acked = acking('a')
      expect((await acked.fetch(`${posthog.url}/batch/`, { headers, body: bodyOf('a') })).status).toBe(400)
      expect(posthog.requests).toHaveLength(1)
    },
  )

  it.each([
    ['a replaced uuid', bodyOf('a', 'x')],
    ['a missing event', bodyOf('a')],
    ['another order', bodyOf('b', 'a')],
    ['an event twice', bodyOf('a', 'b', 'b')],
    ['bytes', Buffer.from(bodyOf('a', 'b'))],
  ])('sends nothing when the body has %s', async (_, body) => {
    const acked = acking('a', 'b')
    expect((await acked.fetch(`${posthog.url}/batch/`, { headers, body })).status).toBe(400)
    expect(acked.answer()).toEqual({ kind: 'no-answer', reason: 'other', code: 'WIRE_UUIDS_DIFFER' })
    expect(posthog.connections).toBe(0)
  })

  it('makes one request for one batch, whatever it is asked', async () => {
    const acked = acking('a')
    await acked.fetch(`${posthog.url}/batch/`, { headers, body: bodyOf('a') })
    expect((await acked.fetch(`${posthog.url}/batch/`, { headers, body: bodyOf('a') })).status).toBe(400)
    expect(posthog.requests).toHaveLength(1)
  })

  it('compresses above 4 KiB', async () => {
    const uuids = Array.from({ length: 300 }, (_, n) => `uuid-${n}`)
    await acking(...uuids).fetch(`${posthog.url}/batch/`, { headers, body: bodyOf(...uuids) })
    await acking('a').fetch(`${posthog.url}/batch/`, { headers, body: bodyOf('a') })
    const [large, small] = posthog.requests
    expect(large?.headers['content-encoding']).toBe('gzip')
    expect(gunzipSync(large?.rawBody ?? '').toString()).toBe(bodyOf(...uuids))
    expect(large?.headers['content-length']).toBe(String(large?.rawBody.length))
    expect(small?.headers['content-encoding']).toBeUndefined()
  })
})
