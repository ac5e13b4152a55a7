/** Why a session with a real Chromium ended: what the wire said, and what the proxy made of it. The number is the row of docs/proxy.md. */
import { describe, expect, onTestFinished, test } from 'vitest'
import type { SinkEvent } from '../../src/events/event-sink.ts'
import { startCdpProxy } from '../../src/proxy/cdp-proxy.ts'
import { dialCdp, openPage } from '../support/chromium-client.ts'
import { proxyOf } from '../support/cdp-proxy.ts'
import {
  type Chromium,
  freePort,
  makeFolder,
  NO_CHROMIUM,
  shareChromium,
  signalGroup,
  startChromium,
} from '../support/chromium.ts'
import { startForwarder } from '../support/forwarder.ts'
import { RawCdpClient } from '../support/raw-cdp-client.ts'
import { waitUntil } from '../support/wait-until.ts'

const MIB = 2 ** 20

function before(chromium: Chromium, options: Parameters<typeof proxyOf>[0] = {}) {
  return proxyOf({ upstream: `127.0.0.1:${chromium.port}`, ...options })
}

/** A browser that does not outlive the test, and a proxy before it. */
async function world(options: Parameters<typeof proxyOf>[0] = {}) {
  const folder = makeFolder()
  const chromium = await startChromium(folder, { port: await freePort() })
  const under = await before(chromium, options)
  const restart = () => startChromium(folder, { port: chromium.port })
  return { chromium, restart, ...under }
}

describe.skipIf(NO_CHROMIUM !== null)(`with Chromium${NO_CHROMIUM === null ? '' : ` (${NO_CHROMIUM})`}`, () => {
  const shared = shareChromium()

  test('P1, 40: a client that closes is client_close at once, and another client goes on', async () => {
    const { ws, ended, events } = await before(shared())
    const [one, two] = [await dialCdp(ws), await dialCdp(ws)]
    await one.call('Browser.getVersion')
    one.send(8, Buffer.from([0x03, 0xe8]))
    expect(await ended()).toMatchObject({
      reason: 'client_close',
      closed_by: 'client',
      how: 'close_frame',
      close_code: 1000,
    })
    expect(await two.call('Browser.getVersion')).toHaveProperty('result.product')
    expect(new Set(events.map(({ properties }) => properties['connection_id'])).size).toBe(2)
  })

  test('P2: stop() tells the client 1001 and is context_cancelled', async () => {
    const { ws, ended, proxy } = await before(shared())
    const client = await dialCdp(ws)
    await proxy.stop()
    expect(await client.ended).toBe(1001)
    expect(await ended()).toMatchObject({ reason: 'context_cancelled', closed_by: 'proxy', how: 'shutdown' })
  })

  test('P3: a killed browser that comes back is upstream_changed, without the wait in the duration', async () => {
    const { ws, ended, chromium, restart } = await world({ restartConfirmWaitMs: 10_000 })
    const startedAt = performance.now()
    const client = await dialCdp(ws)
    await client.call('Browser.getVersion')
    const aliveMs = performance.now() - startedAt
    await chromium.kill()
    expect([1012, 1011]).toContain(await client.ended)
    // By now the proxy has known of it. What comes now is the wait for the new address.
    const toldAt = performance.now()
    await restart()
    const facts = await ended()
    expect(facts).toMatchObject({ reason: 'upstream_changed', closed_by: 'upstream', confirmed: true })
    expect(facts['duration_ms']).toBeGreaterThan(aliveMs - 100)
    expect(facts['duration_ms']).toBeLessThan(toldAt - startedAt)
    expect(Number(facts['ts_us']) / 1_000 - performance.timeOrigin).toBeLessThan(toldAt)
    const again = await dialCdp(ws)
    expect(await again.call('Browser.getVersion')).toHaveProperty('result.product')
  })

  test('P4, P10, 25: a killed browser that stays away: upstream_error after the window, 502 for who comes, not confirmed for who is stopped', async () => {
    const { ws, ended, chromium } = await world({ dialTimeoutMs: 500 })
    const patient = await before(chromium, { restartConfirmWaitMs: 600_000 })
    const [client, waiting] = [await dialCdp(ws), await dialCdp(patient.ws)]
    await chromium.kill()
    expect(await client.ended).toBe(1011)
    expect(await ended()).toMatchObject({ reason: 'upstream_error', how: 'fin', confirmed: true, browser_alive: false })
    await expect(dialCdp(ws)).rejects.toThrow('HTTP/1.1 502 Bad Gateway')
    expect(await ended(1)).toMatchObject({ reason: 'upstream_error', closed_by: 'upstream', how: 'dial_failed' })
    await patient.proxy.stop()
    expect([1001, 1011]).toContain(await waiting.ended)
    expect(await patient.ended()).toMatchObject({ reason: 'upstream_error', closed_by: 'upstream', confirmed: false })
  })

  test('P5: a new address closes the session with the old browser at once, with 1012', async () => {
    const folder = makeFolder()
    const log = `${folder}/both.log`
    const first = await startChromium(folder, { port: await freePort(), log })
    const { ws, ended, proxy } = await proxyOf({ chromiumLog: log })
    const client = await dialCdp(ws)
    const old = proxy.upstreamUrl
    await startChromium(folder, { port: await freePort(), log })
    expect(await client.ended).toBe(1012)
    expect(await ended()).toMatchObject({ reason: 'upstream_changed', closed_by: 'proxy', how: 'url_change' })
    await waitUntil('the new browser is known', () => proxy.upstreamUrl !== old)
    expect((await first.version()).webSocketDebuggerUrl).toBe(old) // it lives: nobody but us ended that
  })

  test('P13, P12: 503 and no event before there is a browser; who comes while it restarts lands on the new one', async () => {
    const folder = makeFolder()
    const log = `${folder}/chromium.log`
    const events: SinkEvent[] = []
    const proxy = await startCdpProxy({ chromiumLog: log, sink: (event) => void events.push(event) })
    onTestFinished(() => proxy.stop())
    const ws = `${proxy.url.replace('http', 'ws')}/devtools/browser`
    await expect(dialCdp(ws)).rejects.toThrow('HTTP/1.1 503 Service Unavailable')
    expect(events).toEqual([])
    const first = await startChromium(folder, { port: await freePort(), log })
    const old = await waitUntil('it is known', () => proxy.upstreamUrl)
    await first.kill()
    const coming = dialCdp(ws) // to where nobody is
    const second = await startChromium(folder, { port: await freePort(), log })
    expect(await (await coming).call('Browser.getVersion')).toHaveProperty('result.product')
    expect(proxy.upstreamUrl).not.toBe(old)
    expect(proxy.upstreamUrl).toBe((await second.version()).webSocketDebuggerUrl)
    expect(events.map(({ event }) => event)).toEqual(['cdp_connect'])
  })

  test('24: a client that is gone is client_close, by fin and by reset', async () => {
    const { ws, ended } = await before(shared())
    const one = await dialCdp(ws)
    one.socket.end()
    expect(await ended(0)).toMatchObject({ reason: 'client_close', how: 'fin' })
    const two = await dialCdp(ws)
    two.socket.resetAndDestroy()
    expect(await ended(1)).toMatchObject({ reason: 'client_close', how: 'reset' })
  })

  test('26: a client that says Browser.close and waits: closed_by upstream, requested', async () => {
    const { ws, ended } = await world()
    const client = await dialCdp(ws)
    await client.call('Browser.close')
    expect(await client.ended).toBe(1011)
    expect(await ended()).toMatchObject({ closed_by: 'upstream', requested: 'Browser.close', reason: 'upstream_error' })
  })

  test('26: a client that says Browser.close and hangs up first: closed_by client, requested', async () => {
    const { ws, ended, chromium } = await world()
    const client = await dialCdp(ws)
    const gone = new Promise((resolve) => chromium.child.once('exit', resolve))
    client.call('Browser.close').catch(() => undefined)
    client.send(8, Buffer.alloc(0)) // as Puppeteer does
    expect(await ended()).toMatchObject({
      reason: 'client_close',
      closed_by: 'client',
      how: 'close_frame',
      requested: 'Browser.close',
    })
    await gone
  })

  test('27: SIGKILL with unread input (RST), while 60 MB stream down, while a client uploads: the reason of a plain one', async () => {
    const { ws, ended, chromium } = await world()
    const plain = await dialCdp(ws)
    const [unread, uploading] = [await dialCdp(ws), await dialCdp(ws)]
    const page = await dialCdp((await openPage(plain, ws)).ws)
    page.call('Runtime.evaluate', { expression: "'x'.repeat(60e6)" }).catch(() => undefined)
    await new Promise((resolve) => page.socket.once('data', resolve))
    page.socket.pause()
    // One message of 90 MiB, as far as it comes.
    const upload = (): void => {
      if (!uploading.socket.destroyed) uploading.socket.write(Buffer.alloc(MIB, 'x'), upload)
    }
    uploading.socket.write(Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0x05, 0xa0, 0, 0, 0, 0, 0, 0]))
    upload()
    await waitUntil('some of it has left', () => uploading.socket.bytesWritten > 4 * MIB, { everyMs: 1 })
    signalGroup(chromium.child.pid ?? 0, 'SIGSTOP')
    unread.call('Browser.getVersion').catch(() => undefined)
    await waitUntil('it lies there unread', () => unread.socket.writableLength === 0)
    await chromium.kill()
    page.socket.resume()
    // Inside a frame nothing may be said.
    expect(await page.ended).toBe('fin')
    for (const client of [plain, unread]) expect(await client.ended).toBe(1011)
    const ends = await Promise.all([0, 1, 2, 3].map((at) => ended(at)))
    for (const end of ends)
      expect(end).toMatchObject({ reason: 'upstream_error', closed_by: 'upstream', browser_alive: false })
    expect(ends.map(({ how, midframe }) => `${how} ${midframe ? 'midframe' : ''}`).sort()).toEqual([
      'fin ',
      'fin midframe',
      'reset ',
      'reset midframe',
    ])
  })

  test('30: a crashed tab ends no session, a closed one is target_closed on its page socket', async () => {
    const { ws, ended, events } = await before(shared())
    const client = await dialCdp(ws)
    const crashed = await dialCdp((await openPage(client, ws)).ws)
    crashed.call('Page.navigate', { url: 'chrome://crash' }).catch(() => undefined)
    const closing = await openPage(client, ws)
    const closed = await dialCdp(closing.ws)
    await closed.call('Runtime.evaluate', { expression: '1' })
    await client.call('Target.closeTarget', { targetId: closing.id })
    expect(await ended()).toMatchObject({ reason: 'target_closed', closed_by: 'upstream', browser_alive: true })
    expect(await client.call('Browser.getVersion')).toHaveProperty('result.product')
    expect(events.filter(({ event }) => event === 'cdp_disconnect')).toHaveLength(1)
    expect(events.map(({ properties }) => properties['target']).filter(Boolean)).toEqual(['browser', 'page', 'page'])
  })

  test.each(['fin', 'reset'] as const)(
    '34: a socket that dies (%s) while its browser lives is upstream_error at once, browser_alive',
    async (how) => {
      const way = await startForwarder(shared())
      const { ws, ended } = await proxyOf({ upstream: `127.0.0.1:${way.port}`, restartConfirmWaitMs: 600_000 })
      const client = await dialCdp(ws)
      const page = await dialCdp((await openPage(client, ws)).ws)
      way.cut(how)
      for (const each of [client, page]) expect(await each.ended).toBe(1011)
      for (const end of [await ended(0), await ended(1)])
        expect(end).toMatchObject({
          reason: 'upstream_error',
          closed_by: 'upstream',
          how,
          browser_alive: true,
          confirmed: true,
        })
      expect(await (await dialCdp(ws)).call('Browser.getVersion')).toHaveProperty('result.product')
    },
  )

  test('35: 99 MiB up pass; 101 MiB end it, and it is said that the client asked for it; 150 MiB come down', async () => {
    const { ws, ended } = await before(shared())
    const client = await dialCdp(ws)
    const filled = (mib: number) => {
      const text = Buffer.alloc(mib * MIB, 'x')
      text.write('{"id":9000,"method":"Browser.getVersion","params":{"a":"')
      text.write('"}}', text.length - 3)
      return text
    }
    client.send(1, filled(99))
    expect(await client.call('Browser.getVersion')).toHaveProperty('result.product')
    const { pathname, port } = new URL((await openPage(client, ws)).ws)
    const page = await RawCdpClient.open(Number(port), pathname)
    page.keep = false
    page.send('{"id":1,"method":"Runtime.evaluate","params":{"expression":"\'y\'.repeat(150 * 2 ** 20)"}}')
    await waitUntil('150 MiB have come', () => page.down.messages === 1, { timeoutMs: 50_000 })
    expect(page.down.longestMessageBytes).toBeGreaterThan(150 * MIB)
    page.socket.destroy()
    client.send(1, filled(101))
    expect(await ended(1)).toMatchObject({
      reason: 'upstream_error',
      requested: 'oversize_message',
      browser_alive: true,
    })
  })
})
