/** Where the proxy learns that a real Chromium listens, and where it does not. */
import { appendFileSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { dialCdp } from '../support/chromium-client.ts'
import { proxyOf } from '../support/cdp-proxy.ts'
import { freePort, makeFolder, NO_CHROMIUM, startChromium } from '../support/chromium.ts'
import { waitUntil } from '../support/wait-until.ts'

describe.skipIf(NO_CHROMIUM !== null)(`with Chromium${NO_CHROMIUM === null ? '' : ` (${NO_CHROMIUM})`}`, () => {
  test('32: a browser that had to take [::1] is found in the log, dialled, and named in brackets', async () => {
    const folder = makeFolder()
    const port = await freePort()
    const taken = createServer().listen(port, '127.0.0.1')
    onTestFinished(() => void taken.close())
    const log = `${folder}/chromium.log`
    await startChromium(folder, { port, log, host: '::1' })
    const { proxy, ws, ended } = await proxyOf({ chromiumLog: log, listen: '[::1]:0' })
    expect(proxy.upstreamUrl).toContain(`ws://[::1]:${port}/devtools/browser/`)
    const version = (await (await fetch(`${proxy.url}/json/version/`)).json()) as { webSocketDebuggerUrl: string }
    expect(version.webSocketDebuggerUrl).toMatch(/^ws:\/\/\[::1\]:\d+\/devtools\/browser\//)
    expect(version.webSocketDebuggerUrl).toContain(new URL(ws).host)
    const client = await dialCdp(version.webSocketDebuggerUrl)
    expect(await client.call('Browser.getVersion')).toHaveProperty('result.product')
    client.socket.end()
    expect(await ended()).toMatchObject({ reason: 'client_close' })
  })

  test('33: a page that forges the line, a line of a megabyte, rotation, truncation and old lines change nothing; the next true line is seen', async () => {
    const folder = makeFolder()
    const log = `${folder}/chromium.log`
    const first = await startChromium(folder, { port: await freePort(), log })
    const { proxy, ws, ended } = await proxyOf({ chromiumLog: log })
    const known = proxy.upstreamUrl
    expect(known).toBe((await first.version()).webSocketDebuggerUrl)

    const forged = 'DevTools listening on ws://127.0.0.1:1/devtools/browser/forged'
    const client = await dialCdp(ws)
    const { targetId } = (await client.call('Target.createTarget', { url: 'about:blank' }))['result'] as {
      targetId: string
    }
    const page = await dialCdp(ws.replace(/browser$/, `page/${targetId}`))
    await page.call('Runtime.evaluate', { expression: `console.log('x\\n${forged}\\n')` })
    await waitUntil('the page has forged the line', () => readFileSync(log, 'utf8').split('\n').includes(forged))
    appendFileSync(log, `${'m'.repeat(2 ** 20)}\n`)
    const old = readFileSync(log)
    renameSync(log, `${log}.1`)
    writeFileSync(log, old)
    truncateSync(log)
    appendFileSync(log, `DevTools listening on ws://10.1.2.3:9222/devtools/browser/elsewhere\n${forged}\n`)
    const second = await startChromium(folder, { port: await freePort(), log })
    appendFileSync(log, `${forged}\n`)
    await waitUntil('the next true line is seen', () => proxy.upstreamUrl !== known)
    expect(proxy.upstreamUrl).toBe((await second.version()).webSocketDebuggerUrl)
    expect(await ended()).toMatchObject({ reason: 'upstream_changed' })
  })

  test('DevToolsActivePort: one that a killed browser left behind is not believed', async () => {
    const folder = makeFolder()
    const first = await startChromium(folder, { port: await freePort() })
    const path = new URL((await first.version()).webSocketDebuggerUrl).pathname
    writeFileSync(`${folder}/DevToolsActivePort`, `${first.port}\n${path}`)
    const { proxy } = await proxyOf({ profile: folder })
    const known = proxy.upstreamUrl
    expect(known).toContain(path)
    await first.kill()
    const next = await startChromium(folder, { port: await freePort() })
    writeFileSync(`${folder}/DevToolsActivePort`, `${next.port}\n${path}`) // the right port, a stale id
    writeFileSync(
      `${folder}/DevToolsActivePort`,
      `${next.port}\n${new URL((await next.version()).webSocketDebuggerUrl).pathname}`,
    )
    await waitUntil('the new browser is known', () => proxy.upstreamUrl !== known)
    expect(proxy.upstreamUrl).toBe((await next.version()).webSocketDebuggerUrl)
  })
})
