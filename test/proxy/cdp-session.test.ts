/** The matrix of docs/proxy.md, as far as it needs no real browser: P is a row that the model has as well. */
import { afterEach, expect, test } from 'vitest'
import type { SessionSettings } from '../../src/proxy/cdp-session.ts'
import { RawCdpClient } from '../support/raw-cdp-client.ts'
import { CdpWorld } from '../support/cdp-world.ts'
import { encode, FakeBrowser } from '../support/fake-browser.ts'
import { waitUntil } from '../support/wait-until.ts'

let world: CdpWorld
const others: FakeBrowser[] = []

afterEach(async () => {
  await world.stop()
  for (const other of others.splice(0)) await other.die()
})

async function start(settings: Partial<SessionSettings> = {}): Promise<CdpWorld> {
  world = await CdpWorld.start(settings)
  return world
}

async function anotherBrowser(): Promise<FakeBrowser> {
  const browser = await FakeBrowser.start()
  others.push(browser)
  return browser
}

/** Resolves when somebody begins to wait for an address: after an end, the verdict. */
function nextSubscription(): Promise<void> {
  const { upstream } = world
  const subscribe = upstream.subscribe.bind(upstream)
  return new Promise((resolve) => {
    upstream.subscribe = (listener) => {
      resolve()
      return subscribe(listener)
    }
  })
}

const NOWHERE = 'ws://127.0.0.1:1/devtools/browser/new'

test('serveCdpSession() P1: a client that says goodbye: client_close by close_frame, echo passed on', async () => {
  const { browser } = await start()
  const client = await world.client('/devtools/browser/an-id-of-yesterday?token=secret', {
    'User-Agent': 'Playwright/1.65.1 (x64)',
  })
  for (let i = 0; i < 3; i++) await client.roundTrip()
  client.sayGoodbye(1000, 'done')
  const ended = await world.disconnected()
  expect(ended).toMatchObject({
    reason: 'client_close',
    closed_by: 'client',
    how: 'close_frame',
    close_code: 1000,
    close_reason: 'done',
    confirmed: true,
    ambiguous: false,
    messages_up: 3,
    messages_down: 3,
    message_count: 6,
    midframe: false,
    telemetry_dropped: 0,
  })
  expect(ended.duration_ms).toBeGreaterThan(0)
  await waitUntil('the echo has come', () => client.down.closeSaid?.code === 1000 && client.endedBy === 'fin')
  expect(browser.upgrades[0]?.url).toBe(`/devtools/browser/${browser.id}`)
  expect(world.connects).toEqual([
    {
      connection_id: ended.connection_id,
      ts_us: expect.any(Number),
      target: 'browser',
      upstream_id: expect.stringMatching(/^[0-9a-f]{16}$/),
      dial_ms: expect.any(Number),
      client_agent: 'Playwright/1.65.1',
      deflate_offered: false,
    },
  ])
})

const GOODBYE = encode(Buffer.from([0x0f, 0xa1, 0x68, 0x69]), 8, true, 0x12345678)
const SAID = { how: 'close_frame', close_code: 4001, close_reason: 'hi', midframe: false }

test.each(Array.from({ length: GOODBYE.length - 1 }, (_, index) => index + 1))(
  "serveCdpSession() a client's goodbye in two pieces, cut after %i bytes: its code and reason",
  async (cut) => {
    const { browser } = await start()
    const client = await world.client()
    await client.roundTrip()
    client.socket.write(GOODBYE.subarray(0, cut))
    await waitUntil('it was decided who ended it', () => world.upstream.subscribers === 0)
    expect(world.disconnects).toEqual([])
    client.socket.write(GOODBYE.subarray(cut))
    expect(await world.disconnected()).toMatchObject({ ...SAID, reason: 'client_close', messages_up: 1 })
    await waitUntil('the echo has come', () => client.down.closeSaid?.code === 1000)
    expect(Buffer.concat(browser.received).subarray(-GOODBYE.length)).toEqual(GOODBYE)
  },
)

const BROWSERS_GOODBYE = FakeBrowser.frame(Buffer.from([0x0f, 0xa1, 0x68, 0x69]), 8)

test.each(Array.from({ length: BROWSERS_GOODBYE.length - 1 }, (_, index) => index + 1))(
  "serveCdpSession() a browser's goodbye in two pieces, cut after %i bytes: its code and reason, and none of it to the client",
  async (cut) => {
    const { browser } = await start({ farewellWaitMs: 600_000 })
    const client = await world.client()
    await client.roundTrip()
    browser.onData = () => {}
    const looked = nextSubscription()
    browser.session.write(BROWSERS_GOODBYE.subarray(0, cut))
    await looked
    browser.session.write(BROWSERS_GOODBYE.subarray(cut))
    expect(await world.disconnected()).toMatchObject({ ...SAID, closed_by: 'upstream', messages_down: 1 })
    await waitUntil('the client was told', () => client.endedBy === 'fin')
    expect(client.down.closeSaid).toEqual({ code: 1011, reason: 'upstream ended' })
  },
)

test.each(['fin', 'silence'])(
  'serveCdpSession() half a goodbye, then %s: the end is told without a code',
  async (then) => {
    await start({ lingerMs: 50 })
    const client = await world.client()
    await client.roundTrip()
    client.socket.write(GOODBYE.subarray(0, 8))
    if (then === 'fin') client.socket.end()
    const ended = await world.disconnected()
    expect(ended).toMatchObject({ reason: 'client_close', how: 'close_frame', midframe: false })
    expect(ended).not.toHaveProperty('close_code')
  },
)

test.each(Array.from({ length: 16 }, (_, index) => [index >> 2, index & 3]))(
  "serveCdpSession() half a browser's goodbye, %i turns, the client's, %i turns, the rest: nothing torn reaches the client",
  async (before, after) => {
    const { browser } = await start()
    const client = await world.client()
    await client.roundTrip()
    browser.onData = () => {}
    const turns = async (count: number): Promise<void> => {
      for (let turn = 0; turn < count; turn++) await new Promise(setImmediate)
    }
    const { session } = browser
    session.write(BROWSERS_GOODBYE.subarray(0, 3))
    await turns(before)
    client.sayGoodbye(1000)
    await turns(after)
    session.end(BROWSERS_GOODBYE.subarray(3))
    await world.disconnected()
    await waitUntil('the client was left', () => client.endedBy === 'fin')
    expect(client.down.midframe).toBe(false)
    const [, ...more] = client.chunks.filter(({ length }) => length > 0)
    expect([undefined, 0x88]).toContain(Buffer.concat(more)[0])
  },
)

test('serveCdpSession() P2: the proxy stops: context_cancelled, 1001 to the client', async () => {
  await start()
  const client = await world.client()
  await client.roundTrip()
  world.stopping.abort()
  expect(await world.disconnected()).toMatchObject({ reason: 'context_cancelled', closed_by: 'proxy', how: 'shutdown' })
  await waitUntil('the client was told', () => client.endedBy === 'fin')
  expect(client.down.closeSaid).toEqual({ code: 1001, reason: 'proxy shutting down' })
})

test.each([false, true])(
  'serveCdpSession() P3: the browser dies (reset: %s), a new address: upstream_changed, without the wait',
  async (reset) => {
    const { browser } = await start({ farewellWaitMs: 20 })
    const client = await world.client()
    await client.roundTrip()
    await browser.die({ reset })
    await waitUntil('the client was told', () => client.endedBy === 'fin')
    // Nobody knew better by then, and the client is not kept for as long as the verdict may take.
    expect(client.down.closeSaid).toEqual({ code: 1011, reason: 'upstream ended' })
    expect(world.disconnects).toEqual([])
    const toldAt = Date.now()
    world.upstream.set(NOWHERE)
    const ended = await world.disconnected()
    expect(ended).toMatchObject({
      reason: 'upstream_changed',
      closed_by: 'upstream',
      how: reset ? 'reset' : 'fin',
      confirmed: true,
      ambiguous: false,
    })
    expect(ended.ts_us / 1_000).toBeLessThanOrEqual(toldAt + 1)
    await browser.listen()
  },
)

test.each([false, true])(
  'serveCdpSession() P3: the browser dies (reset: %s) and is soon back: the client waits for the news, and is told 1012',
  async (reset) => {
    const { browser } = await start({ farewellWaitMs: 600_000 })
    const client = await world.client()
    await client.roundTrip()
    const looked = nextSubscription()
    await browser.die({ reset })
    await looked
    expect(client.endedBy).toBeUndefined()
    world.upstream.set(NOWHERE)
    await waitUntil('the client was told', () => client.endedBy === 'fin')
    expect(client.down.closeSaid).toEqual({ code: 1012, reason: 'upstream changed' })
    expect(await world.disconnected()).toMatchObject({ reason: 'upstream_changed', closed_by: 'upstream' })
    await browser.listen()
  },
)

test.each(['stop', 'goodbye', 'fin'])(
  'serveCdpSession() a client that waits for the news of its browser is let go at once: %s',
  async (why) => {
    const { browser } = await start({ farewellWaitMs: 600_000 })
    const client = await world.client()
    await client.roundTrip()
    const looked = nextSubscription()
    await browser.die()
    await looked
    if (why === 'stop') world.stopping.abort()
    if (why === 'goodbye') client.sayGoodbye(1000)
    if (why === 'fin') client.socket.end()
    await waitUntil('the client was let go', () => client.endedBy === 'fin')
    expect(client.down.closeSaid?.code).toBe(why === 'stop' ? 1011 : undefined)
    expect(world.disconnects).toHaveLength(why === 'stop' ? 1 : 0)
    world.upstream.set(NOWHERE)
    expect(await world.disconnected()).toMatchObject({ closed_by: 'upstream', how: 'fin', messages_up: 1 })
    await browser.listen()
  },
)

test('serveCdpSession() P4: the browser dies, no new address: upstream_error after the window', async () => {
  const { browser } = await start({ restartConfirmWaitMs: 50 })
  const client = await world.client()
  await client.roundTrip()
  await browser.die()
  expect(await world.disconnected()).toMatchObject({
    reason: 'upstream_error',
    how: 'fin',
    confirmed: true,
    browser_alive: false,
  })
  await browser.listen()
})

test('serveCdpSession() P5: a new address while the old socket lives: closed at once, 1012', async () => {
  const { browser } = await start()
  const client = await world.client()
  await client.roundTrip()
  world.upstream.set(NOWHERE)
  expect(await world.disconnected()).toMatchObject({
    reason: 'upstream_changed',
    closed_by: 'proxy',
    how: 'url_change',
  })
  await waitUntil('the client was told', () => client.endedBy === 'fin')
  expect(client.down.closeSaid).toEqual({ code: 1012, reason: 'upstream changed' })
  await waitUntil('the browser was left', () => browser.sessions.length === 0)
})

test.each(['address first', 'stop first'])(
  'serveCdpSession() P7: new address and stop together: context_cancelled (%s)',
  async (order) => {
    await start()
    const client = await world.client()
    await client.roundTrip()
    const acts = [() => world.upstream.set(NOWHERE), () => world.stopping.abort()]
    if (order === 'stop first') acts.reverse()
    for (const act of acts) act()
    expect(await world.disconnected()).toMatchObject({ reason: 'context_cancelled', how: 'shutdown' })
  },
)

test('serveCdpSession() P8, P9, P23: an equal or empty address ends nothing', async () => {
  await start()
  const client = await world.client()
  await client.roundTrip()
  world.upstream.set(world.upstream.current ?? '')
  world.upstream.set('')
  await client.roundTrip()
  expect(world.disconnects).toEqual([])
})

test('serveCdpSession() P10: no browser there: 502 with a text, both events', async () => {
  const { browser } = await start({ dialTimeoutMs: 600 })
  await browser.die()
  const client = await world.client()
  expect(client.status).toBe(502)
  expect(client.text).toContain('the browser could not be reached: ECONNREFUSED')
  expect(await world.disconnected()).toMatchObject({ reason: 'upstream_error', how: 'dial_failed', message_count: 0 })
  expect(world.connects[0]?.dial_ms).toBeGreaterThanOrEqual(600)
  await browser.listen()
})

test('serveCdpSession() P11: stopped while it dials: context_cancelled', async () => {
  const { browser } = await start()
  browser.silent = true
  const client = new RawCdpClient(world.port)
  await waitUntil('the browser is dialled', () => browser.upgrades.length > 0)
  world.stopping.abort()
  expect(await world.disconnected()).toMatchObject({ reason: 'context_cancelled', how: 'shutdown' })
  await waitUntil('the client was told', () => client.status === 503)
})

test.each(['fin', 'reset'] as const)(
  'serveCdpSession() a client that leaves while it is dialled for (%s): client_close',
  async (how) => {
    const { browser } = await start()
    browser.silent = true
    const client = new RawCdpClient(world.port)
    await waitUntil('the browser is dialled', () => browser.upgrades.length > 0)
    if (how === 'fin') client.socket.end()
    else client.socket.resetAndDestroy()
    expect(await world.disconnected()).toMatchObject({ reason: 'client_close', closed_by: 'client', how })
  },
)

test.each(['refuses', 'is silent', 'is gone'])(
  'serveCdpSession() P12: the old browser %s, a newer address while it is dialled',
  async (state) => {
    const { browser } = await start()
    const newer = await anotherBrowser()
    if (state === 'refuses') browser.refusing = true
    if (state === 'is silent') browser.silent = true
    if (state === 'is gone') await browser.die()
    const client = new RawCdpClient(world.port)
    if (state === 'is gone') await waitUntil('the session waits', () => world.upstream.subscribers > 0)
    else await waitUntil('the old one was asked', () => browser.upgrades.length > 0)
    world.upstream.set(newer.url)
    await waitUntil('the client was let in', () => client.status === 101)
    await client.roundTrip()
    expect(newer.sessions).toHaveLength(1)
    // Compared with the address dialled: announcing that one again is no change.
    world.upstream.set(newer.url)
    await client.roundTrip()
    if (state === 'is gone') await browser.listen()
  },
)

test('serveCdpSession() P12: an address that was never announced is looked at again', async () => {
  const { browser } = await start()
  await browser.die()
  const newer = await anotherBrowser()
  let current: string = browser.url
  Object.defineProperty(world.upstream, 'current', { get: (): string => current })
  const client = new RawCdpClient(world.port)
  await waitUntil('the session waits', () => world.upstream.subscribers > 0)
  current = newer.url
  await waitUntil('the client was let in', () => client.status === 101)
  await client.roundTrip()
  await browser.listen()
})

test('serveCdpSession() P13: no address yet: 503, no events', async () => {
  await start()
  Object.defineProperty(world.upstream, 'current', { get: () => undefined })
  const client = await world.client()
  expect([client.status, client.text]).toEqual([503, 'no browser is known yet\n'])
  expect(world.connects).toEqual([])
})

test('serveCdpSession() P18, P19: closed twice, stopped twice: one event', async () => {
  await start()
  const client = await world.client()
  await client.roundTrip()
  client.sayGoodbye()
  client.sayGoodbye()
  client.socket.end()
  world.stopping.abort()
  world.stopping.abort()
  await world.sessions.drained(5_000)
  expect(world.disconnects).toHaveLength(1)
})

test('serveCdpSession() P20, P21: a session that dials, one that runs and one that ended hear of the same address', async () => {
  const { browser } = await start({ farewellWaitMs: 0 })
  const running = await world.client()
  await running.roundTrip()
  const ending = await world.client()
  await ending.roundTrip()
  browser.refusing = true
  const dialling = new RawCdpClient(world.port)
  await waitUntil('the third is refused', () => browser.upgrades.length >= 3)
  const newer = await anotherBrowser()
  const [, second] = browser.sessions
  second?.destroy()
  await waitUntil('the second was told', () => ending.endedBy === 'fin')
  world.upstream.set(newer.url)
  await world.disconnected(2)
  expect(world.disconnects.map(({ reason, how }) => [reason, how]).sort()).toEqual([
    ['upstream_changed', 'fin'],
    ['upstream_changed', 'url_change'],
  ])
  await waitUntil('the third was let in', () => dialling.status === 101)
})

test.each([
  ['fin', (client: RawCdpClient): void => void client.socket.end()],
  ['reset', (client: RawCdpClient): void => void client.socket.resetAndDestroy()],
] as const)('serveCdpSession() 24: a client that vanishes: client_close by %s', async (how, vanish) => {
  const { browser } = await start()
  const client = await world.client()
  await client.roundTrip()
  vanish(client)
  const ended = await world.disconnected()
  expect(ended).toMatchObject({ reason: 'client_close', closed_by: 'client', how })
  expect(ended).not.toHaveProperty('close_code')
  await waitUntil('the browser was left', () => browser.sessions.length === 0)
})

test('serveCdpSession() 25: stopped inside the window: upstream_error, not confirmed', async () => {
  const { browser } = await start()
  const client = await world.client()
  await client.roundTrip()
  await browser.die()
  await waitUntil('the client was told', () => client.endedBy === 'fin')
  world.stopping.abort()
  expect(await world.disconnected()).toMatchObject({
    reason: 'upstream_error',
    closed_by: 'upstream',
    confirmed: false,
  })
  await browser.listen()
})

test.each(['Browser.close', 'Browser.crash', 'Target.closeTarget'])(
  'serveCdpSession() 26: the browser ends after %s: requested',
  async (method) => {
    const { browser } = await start({ restartConfirmWaitMs: 0 })
    browser.onData = (socket) => void socket.end()
    const client = await world.client()
    client.send(JSON.stringify({ id: 1, method, params: {} }))
    expect(await world.disconnected()).toMatchObject({ closed_by: 'upstream', how: 'fin', requested: method })
  },
)

test('serveCdpSession() 26: a client that asks for the end and leaves first: closed_by client, requested', async () => {
  const { browser } = await start()
  browser.onData = () => {}
  const client = await world.client()
  client.send(JSON.stringify({ id: 1, method: 'Browser.close' }))
  client.sayGoodbye()
  expect(await world.disconnected()).toMatchObject({
    closed_by: 'client',
    how: 'close_frame',
    requested: 'Browser.close',
  })
})

test.each(['reset', 'streaming', 'uploading'] as const)(
  'serveCdpSession() 27: a kill (%s) has the reason of any kill',
  async (state) => {
    const { browser } = await start({ restartConfirmWaitMs: 20 })
    browser.onData = () => {}
    const client = await world.client()
    await waitUntil('the session is there', () => browser.sessions.length === 1)
    if (state === 'streaming') browser.session.write(FakeBrowser.frame(Buffer.alloc(20 * 2 ** 20)))
    if (state === 'uploading') client.send(Buffer.alloc(20 * 2 ** 20))
    if (state === 'streaming') await waitUntil('some has come', () => client.down.bytes > 2 ** 20)
    if (state === 'uploading') await waitUntil('some has come', () => browser.received.length > 10)
    await browser.die({ reset: state === 'reset' })
    const ended = await world.disconnected()
    expect(ended).toMatchObject({ reason: 'upstream_error', closed_by: 'upstream' })
    expect(ended.midframe).toBe(state !== 'reset')
    // Inside a frame nothing may be said.
    await waitUntil('the client was left', () => client.endedBy !== undefined)
    if (state === 'streaming') expect(client.down.closeSaid).toBeUndefined()
    await browser.listen()
  },
)

test('serveCdpSession() 28: a silent browser ends nothing by default; with a probe: upstream_unresponsive after the misses, 1011', async () => {
  const { browser } = await start({ liveness: { intervalMs: 20, timeoutMs: 50, misses: 3 } })
  const client = await world.client()
  await client.roundTrip()
  browser.silent = true
  expect(await world.disconnected()).toMatchObject({
    reason: 'upstream_unresponsive',
    closed_by: 'proxy',
    how: 'probe_timeout',
  })
  await waitUntil('the client was told', () => client.endedBy === 'fin')
  expect(client.down.closeSaid).toEqual({ code: 1011, reason: 'upstream unresponsive' })
})

test('serveCdpSession() 30: a page socket ends and its target is gone: target_closed; its own path was dialled', async () => {
  const { browser } = await start()
  const client = await world.client('/devtools/page/ABC123')
  await client.roundTrip()
  browser.session.end()
  expect(await world.disconnected()).toMatchObject({ reason: 'target_closed', browser_alive: true })
  expect(browser.upgrades[0]?.url).toBe('/devtools/page/ABC123')
  expect(world.connects[0]?.target).toBe('page')
})

test('serveCdpSession() 34: the socket dies, the same browser lives: upstream_error without the window', async () => {
  const { browser } = await start({ restartConfirmWaitMs: 600_000 })
  browser.targets = ['ABC123']
  const client = await world.client('/devtools/page/ABC123')
  await client.roundTrip()
  browser.session.resetAndDestroy()
  expect(await world.disconnected()).toMatchObject({
    reason: 'upstream_error',
    how: 'reset',
    browser_alive: true,
    confirmed: true,
  })
})

test('serveCdpSession() another browser at the same address: upstream_changed without being told', async () => {
  const { browser } = await start({ restartConfirmWaitMs: 600_000 })
  const client = await world.client()
  await client.roundTrip()
  browser.id = 'another'
  browser.session.end()
  expect(await world.disconnected()).toMatchObject({ reason: 'upstream_changed', confirmed: true })
})

test("serveCdpSession() a browser's own goodbye never reaches the client as 1000", async () => {
  const { browser } = await start()
  browser.onData = () => {}
  const client = await world.client()
  await waitUntil('the session is there', () => browser.sessions.length === 1)
  browser.session.end(Buffer.concat([FakeBrowser.frame('last'), FakeBrowser.frame(Buffer.from([0x03, 0xe8]), 8)]))
  expect(await world.disconnected()).toMatchObject({ closed_by: 'upstream', how: 'close_frame', close_code: 1000 })
  await waitUntil('the client was told', () => client.endedBy === 'fin')
  expect(client.down.closeSaid?.code).toBe(1011)
  expect(client.down.messages).toBe(1)
})

test('serveCdpSession() 35: 101 MiB up: the browser resets, requested oversize_message; 150 MiB down arrive', async () => {
  const { browser } = await start({ restartConfirmWaitMs: 0 })
  let bytes = 0
  browser.onData = (socket, chunk) => {
    browser.received.length = 0
    bytes += chunk.length
    if (bytes > 2 ** 20) socket.resetAndDestroy()
  }
  const client = await world.client()
  client.keep = false
  await waitUntil('the session is there', () => browser.sessions.length === 1)
  browser.session.write(FakeBrowser.frame(Buffer.alloc(150 * 2 ** 20)))
  await waitUntil('150 MiB have come', () => client.down.messages === 1)
  expect(client.down.longestMessageBytes).toBe(150 * 2 ** 20)
  client.send(Buffer.alloc(101 * 2 ** 20))
  expect(await world.disconnected()).toMatchObject({
    reason: 'upstream_error',
    how: 'reset',
    requested: 'oversize_message',
  })
})

test('serveCdpSession() 39: an offer of deflate is not passed on', async () => {
  const { browser } = await start()
  const client = await world.client('/', { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' })
  expect(client.responseHead).not.toMatch(/extensions/i)
  expect(browser.upgrades[0]?.headers).not.toHaveProperty('sec-websocket-extensions')
  expect(world.connects[0]?.deflate_offered).toBe(true)
})

test('serveCdpSession() 40: two clients, one leaves: the other is not disturbed', async () => {
  await start()
  const [one, two] = [await world.client(), await world.client()]
  await one.roundTrip()
  one.socket.end()
  await world.disconnected()
  await two.roundTrip()
  expect(world.disconnects).toHaveLength(1)
  expect(new Set(world.connects.map(({ connection_id }) => connection_id)).size).toBe(2)
})

test('serveCdpSession() 41: a receiver that throws is counted, and disturbs nothing', async () => {
  await start()
  world.onConnect = () => {
    throw new Error('disk full')
  }
  const client = await world.client()
  await client.roundTrip()
  client.sayGoodbye()
  expect(await world.disconnected()).toMatchObject({ telemetry_dropped: 1, reason: 'client_close' })
})

test('OpenSessions drained() tells every client and every event', async () => {
  await start()
  const clients = await Promise.all(Array.from({ length: 20 }, () => world.client()))
  world.stopping.abort()
  expect(await world.sessions.drained(5_000)).toBe(0)
  await waitUntil('all were told', () =>
    clients.every(({ endedBy, down }) => endedBy === 'fin' && down.closeSaid?.code === 1001),
  )
  expect(world.disconnects.map(({ reason }) => reason)).toEqual(clients.map(() => 'context_cancelled'))
})
