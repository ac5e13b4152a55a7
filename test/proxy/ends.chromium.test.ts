/** Why a session with a real Chromium ended: what the wire said, and what the proxy made of it. */
import { describe, expect, test } from 'vitest'
import { dialCdp } from '../support/chromium-client.ts'
import { proxyOf } from '../support/cdp-proxy.ts'
import { freePort, makeFolder, NO_CHROMIUM, signalGroup, startChromium } from '../support/chromium.ts'
import { waitUntil } from '../support/wait-until.ts'

async function world(options: Parameters<typeof proxyOf>[0] = {}) {
  const folder = makeFolder()
  const chromium = await startChromium(folder, { port: await freePort() })
  const under = await proxyOf({ upstream: `127.0.0.1:${chromium.port}`, ...options })
  const restart = () => startChromium(folder, { port: chromium.port })
  return { folder, chromium, restart, ...under }
}

describe.skipIf(NO_CHROMIUM !== null)(`with Chromium${NO_CHROMIUM === null ? '' : ` (${NO_CHROMIUM})`}`, () => {
  test('P1, 40: a client that closes is client_close at once, and another client goes on', async () => {
    const { ws, ended, events } = await world()
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

  test('24: a client that is gone is client_close, by fin and by reset', async () => {
    const { ws, ended } = await world()
    const one = await dialCdp(ws)
    one.socket.end()
    expect(await ended(0)).toMatchObject({ reason: 'client_close', how: 'fin' })
    const two = await dialCdp(ws)
    two.socket.resetAndDestroy()
    expect(await ended(1)).toMatchObject({ reason: 'client_close', how: 'reset' })
  })

  test('P2: stop() tells the client 1001 and is context_cancelled', async () => {
    const { ws, ended, proxy } = await world()
    const client = await dialCdp(ws)
    await proxy.stop()
    expect(await client.ended).toBe(1001)
    expect(await ended()).toMatchObject({ reason: 'context_cancelled', closed_by: 'proxy', how: 'shutdown' })
  })

  test('P3: a killed browser that comes back is upstream_changed, without the wait in the duration', async () => {
    const { ws, ended, chromium, restart } = await world({ restartConfirmWaitMs: 10_000 })
    const client = await dialCdp(ws)
    await client.call('Browser.getVersion')
    const before = performance.now()
    await chromium.kill()
    expect([1012, 1011]).toContain(await client.ended)
    const knownMs = performance.now() - before
    await restart()
    const facts = await ended()
    expect(facts).toMatchObject({ reason: 'upstream_changed', closed_by: 'upstream', confirmed: true })
    expect(performance.now() - before).toBeGreaterThan(knownMs)
    const again = await dialCdp(ws)
    expect(await again.call('Browser.getVersion')).toHaveProperty('result.product')
  })

  test('P4: a killed browser that stays away is upstream_error after the window', async () => {
    const { ws, ended, chromium } = await world()
    const client = await dialCdp(ws)
    await chromium.kill()
    expect(await client.ended).toBe(1011)
    expect(await ended()).toMatchObject({ reason: 'upstream_error', how: 'fin', confirmed: true, browser_alive: false })
  })

  test('26: Browser.close by the client is named, whoever hangs up first', async () => {
    const { ws, ended } = await world()
    const client = await dialCdp(ws)
    await client.call('Browser.close')
    expect(await ended()).toMatchObject({ closed_by: 'upstream', requested: 'Browser.close', reason: 'upstream_error' })
  })

  test('27: SIGKILL while the browser answers with 60 MB is told like any other', async () => {
    const { ws, ended, chromium } = await world()
    const client = await dialCdp(ws)
    const target = await client.call('Target.createTarget', { url: 'about:blank' })
    const { targetId } = target['result'] as { targetId: string }
    const page = await dialCdp(ws.replace(/browser$/, `page/${targetId}`))
    page.call('Runtime.evaluate', { expression: "'x'.repeat(60e6)" }).catch(() => undefined)
    await new Promise((resolve) => page.socket.once('data', resolve))
    page.socket.pause()
    await chromium.kill()
    page.socket.resume()
    expect(await ended(0)).toMatchObject({ reason: 'upstream_error', closed_by: 'upstream' })
    expect(await ended(1)).toMatchObject({ reason: 'upstream_error', closed_by: 'upstream' })
  })

  test('28, 29: a stopped browser is upstream_unresponsive by the probe, a busy page is not', async () => {
    const { ws, ended, chromium, events } = await world({ liveness: { intervalMs: 200, timeoutMs: 800, misses: 3 } })
    const client = await dialCdp(ws)
    const { targetId } = (await client.call('Target.createTarget', { url: 'about:blank' }))['result'] as {
      targetId: string
    }
    const page = await dialCdp(ws.replace(/browser$/, `page/${targetId}`))
    const expression = 'const end = Date.now() + 3000; while (Date.now() < end); 7'
    expect(await page.call('Runtime.evaluate', { expression })).toHaveProperty('result.result.value', 7)
    expect(events.filter(({ event }) => event === 'cdp_disconnect')).toEqual([])
    signalGroup(chromium.child.pid ?? 0, 'SIGSTOP')
    expect(await ended()).toMatchObject({ reason: 'upstream_unresponsive', closed_by: 'proxy', how: 'probe_timeout' })
    expect(await client.ended).toBe(1011)
  })

  test('30: a crashed tab ends no session, a closed one is target_closed on its page socket', async () => {
    const { ws, ended, events } = await world()
    const client = await dialCdp(ws)
    const open = async () =>
      (await client.call('Target.createTarget', { url: 'about:blank' }))['result'] as { targetId: string }
    const crashing = await open()
    const crashed = await dialCdp(ws.replace(/browser$/, `page/${crashing.targetId}`))
    crashed.call('Page.navigate', { url: 'chrome://crash' }).catch(() => undefined)
    const closing = await open()
    const closed = await dialCdp(ws.replace(/browser$/, `page/${closing.targetId}`))
    await closed.call('Runtime.evaluate', { expression: '1' })
    await client.call('Target.closeTarget', { targetId: closing.targetId })
    expect(await ended()).toMatchObject({ reason: 'target_closed', closed_by: 'upstream', browser_alive: true })
    expect(await client.call('Browser.getVersion')).toHaveProperty('result.product')
    expect(events.filter(({ event }) => event === 'cdp_disconnect')).toHaveLength(1)
    expect(events.map(({ properties }) => properties['target']).filter(Boolean)).toEqual(['browser', 'page', 'page'])
  })

  test('35: 99 MiB up pass; 101 MiB end it, and it is said that the client asked for it; 150 MiB come down', async () => {
    const { ws, ended } = await world()
    const client = await dialCdp(ws)
    const filled = (mib: number) => {
      const text = Buffer.alloc(mib * 2 ** 20, 'x')
      text.write('{"id":9000,"method":"Browser.getVersion","params":{"a":"')
      text.write('"}}', text.length - 3)
      return text
    }
    client.send(1, filled(99))
    expect(await client.call('Browser.getVersion')).toHaveProperty('result.product')
    const { targetId } = (await client.call('Target.createTarget', { url: 'about:blank' }))['result'] as {
      targetId: string
    }
    const page = await dialCdp(ws.replace(/browser$/, `page/${targetId}`))
    const down = await page.call('Runtime.evaluate', { expression: "'y'.repeat(150 * 2 ** 20)", returnByValue: true })
    expect((down as { result: { result: { value: string } } }).result.result.value).toHaveLength(150 * 2 ** 20)
    client.send(1, filled(101))
    expect(await ended()).toMatchObject({
      reason: 'upstream_error',
      requested: 'oversize_message',
      browser_alive: true,
    })
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
})
