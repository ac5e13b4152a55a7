/** The fake is what other tests stand on, so each of its faults is seen once from the outside. */
import net from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { refusedPort, startBlackHole, startFakePostHog } from '../support/fake-posthog.ts'
import type { FakePostHog, FakePostHogOptions } from '../support/fake-posthog.ts'

const servers: FakePostHog[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

async function start(options?: FakePostHogOptions): Promise<FakePostHog> {
  const server = await startFakePostHog(options)
  servers.push(server)
  return server
}

const event = (uuid: string, name = 'command_executed') => ({
  uuid,
  event: name,
  distinct_id: 'd',
  timestamp: '2026-11-20T10:00:00.000Z',
  properties: { a: 1 },
})

function send(server: FakePostHog, batch: unknown[], path = '/batch/', signal?: AbortSignal) {
  return fetch(server.url + path, {
    method: 'POST',
    body: gzipSync(JSON.stringify({ api_key: 'phc_x', batch })),
    headers: { 'content-type': 'application/json', connection: 'close' },
    redirect: 'manual',
    ...(signal ? { signal } : {}),
  })
}

describe('startFakePostHog()', () => {
  test('records every request and flattens the events in order of arrival', async () => {
    const server = await start()
    for (const path of ['/batch/', '/batch', '/e/', '/capture', '/i/v0/e', '/track/', '/ingest/batch/?ip=1']) {
      expect(await (await send(server, [event(path)], path)).json()).toEqual({ status: 'Ok' })
    }
    expect(server.events.map((e) => e.uuid)).toEqual(server.requests.map((r) => r.path))
    expect(server.events[2]).toMatchObject({ ...event('/e/'), request: 2 })
    expect(server.requests[0]).toMatchObject({ method: 'POST', accepted: true, body: { api_key: 'phc_x' } })
    expect(server.requests[0]?.rawBody[0]).toBe(0x1f)
  })

  test('counts copies of a uuid and tells the accepted from the refused', async () => {
    const server = await start({
      respond: (r) => (r.events.some((e) => e.event === 'poison') ? { status: 500 } : undefined),
    })
    await send(server, [event('a'), event('b')])
    await send(server, [event('a')])
    expect((await send(server, [event('c', 'poison')])).status).toBe(500)
    expect([...server.acceptedByUuid].map(([uuid, { count }]) => [uuid, count])).toEqual([
      ['a', 2],
      ['b', 1],
    ])
    expect([server.events.length, server.acceptedEvents.length]).toEqual([4, 3])
    server.respond(undefined)
    expect((await send(server, [event('c', 'poison')])).status).toBe(200)
  })

  test('answers with the fault that was asked for', async () => {
    const server = await start()
    server.respond({ retryAfter: 30 })
    expect((await send(server, [])).headers.get('retry-after')).toBe('30')
    server.respond({ status: 413, body: 'too large', headers: { 'x-why': 'y' } })
    const refused = await send(server, [])
    expect([refused.status, await refused.text(), refused.headers.get('x-why')]).toEqual([413, 'too large', 'y'])
    server.respond('redirect')
    expect((await send(server, [])).headers.get('location')).toBe('/batch/')
    server.respond({ redirect: 'http://elsewhere/' })
    expect((await send(server, [])).status).toBe(302)
    server.respond('html')
    expect((await send(server, [])).headers.get('content-type')).toBe('text/html')
    server.respond({ delayMs: 30 })
    const before = performance.now()
    expect((await send(server, [])).status).toBe(200)
    expect(performance.now() - before).toBeGreaterThan(25)
  })

  test.each(['hang', 'drip', 'stalledBody', 'cut', 'reset'] as const)('%s never gives a whole answer', async (kind) => {
    const server = await start({ respond: kind })
    const gaveUp = new AbortController()
    const answer = send(server, [event('a')], '/batch/', gaveUp.signal).then((response) => response.text())
    answer.catch(() => {})
    await server.waitFor((s) => s.requests.length === 1)
    if (kind !== 'cut' && kind !== 'reset') gaveUp.abort()
    await expect(answer).rejects.toThrow()
    expect(server.requests[0]?.accepted).toBe(kind !== 'hang' && kind !== 'reset')
  })

  test('waitFor() rejects with what had arrived', async () => {
    const server = await start()
    await send(server, [event('a')])
    await expect(server.waitFor(() => false, { timeoutMs: 5 })).rejects.toThrow(
      /1 requests\n {2}0 POST \/batch\/ accepted/,
    )
  })

  test('close() frees the port for a server that comes back', async () => {
    const first = await start()
    await first.close()
    const second = await start({ port: first.port })
    expect((await send(second, [event('a')])).status).toBe(200)
  })
})

test('startBlackHole() accepts and stays silent, refusedPort() refuses', async () => {
  const hole = await startBlackHole()
  const socket = net.connect(hole.port, '127.0.0.1')
  await new Promise((resolve) => socket.once('connect', resolve))
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.on('error', () => {})
  await hole.close()
  await closed
  await expect(fetch(`http://127.0.0.1:${await refusedPort()}/`)).rejects.toThrow()
})
