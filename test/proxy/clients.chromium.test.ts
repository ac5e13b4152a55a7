/** The two libraries that people drive Chromium with, through the proxy: whatever works direct works here. */
import { readFileSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { chromium as playwright } from 'playwright-core'
import puppeteer from 'puppeteer-core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { dialCdp } from '../support/chromium-client.ts'
import { proxyOf } from '../support/cdp-proxy.ts'
import { freePort, makeFolder, NO_CHROMIUM, shareChromium, startChromium } from '../support/chromium.ts'
import { startForwarder } from '../support/forwarder.ts'
import { waitUntil } from '../support/wait-until.ts'

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47])

async function site(): Promise<string> {
  const server = http.createServer((request, response) => {
    if (request.url === '/file')
      response.setHeader('content-disposition', 'attachment; filename="file.txt"').end('downloaded')
    else response.setHeader('content-type', 'text/html').end('<title>a page</title><a href="/file">file</a>')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => server.close().closeAllConnections())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function world() {
  const folder = makeFolder()
  const port = await freePort()
  const browser = await startChromium(folder, { port })
  const under = await proxyOf({ upstream: `127.0.0.1:${port}`, restartConfirmWaitMs: 20_000 })
  return { ...under, folder, browser, restart: () => startChromium(folder, { port }), page: await site() }
}

describe.skipIf(NO_CHROMIUM !== null)(`with Chromium${NO_CHROMIUM === null ? '' : ` (${NO_CHROMIUM})`}`, () => {
  const shared = shareChromium()

  test('39: Playwright: navigate, evaluate, screenshot, download, new page, a second client, a restart', async () => {
    const { proxy, page, ended, browser, restart, events } = await world()
    const one = await playwright.connectOverCDP(proxy.url)
    onTestFinished(() => one.close())
    const context = one.contexts()[0] ?? (await one.newContext())
    const first = await context.newPage()
    await first.goto(page)
    expect(await first.title()).toBe('a page')
    expect(await first.evaluate(() => 6 * 7)).toBe(42)
    expect(await first.evaluate("'x'.repeat(20e6)")).toHaveLength(20e6)
    expect((await first.screenshot()).subarray(0, 4)).toEqual(PNG)
    const [download] = await Promise.all([first.waitForEvent('download'), first.click('a')])
    expect(readFileSync((await download.path()) ?? '', 'utf8')).toBe('downloaded')
    const second = await context.newPage()
    await second.goto(page)
    expect(await second.title()).toBe('a page')

    const two = await playwright.connectOverCDP(proxy.url)
    const shared =
      two
        .contexts()[0]
        ?.pages()
        .filter((each) => each.url().startsWith(page)) ?? []
    expect(shared).toHaveLength(2)
    expect(await shared[0]?.evaluate('document.title')).toBe('a page')
    await two.close()
    expect(await ended(0)).toMatchObject({ reason: 'client_close', how: 'close_frame' })
    expect(await first.evaluate('1 + 1')).toBe(2)
    // 39: it offered to compress, and was not taken up on it.
    expect(events[0]?.properties).toMatchObject({ deflate_offered: true, target: 'browser' })

    const gone = new Promise((resolve) => one.once('disconnected', resolve))
    await browser.kill()
    await gone
    await restart()
    expect(await ended(1)).toMatchObject({ reason: 'upstream_changed' })
    const again = await playwright.connectOverCDP(proxy.url)
    onTestFinished(() => again.close())
    const fresh = await (await again.newContext()).newPage()
    await fresh.goto(page)
    expect(await fresh.evaluate('2 + 2')).toBe(4)
    expect((await fresh.screenshot()).subarray(0, 4)).toEqual(PNG)
  })

  test('26: Puppeteer: navigate, evaluate, screenshot, download, new page, a second client, a restart', async () => {
    const { proxy, page, ended, browser, restart, folder } = await world()
    const one = await puppeteer.connect({ browserURL: proxy.url })
    const first = await one.newPage()
    await first.goto(page)
    expect(await first.title()).toBe('a page')
    expect(await first.evaluate('6 * 7')).toBe(42)
    expect(await first.evaluate("'x'.repeat(20e6)")).toHaveLength(20e6)
    expect(Buffer.from(await first.screenshot()).subarray(0, 4)).toEqual(PNG)
    const cdp = await one.target().createCDPSession()
    await cdp.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: folder })
    await first.click('a')
    await waitUntil(
      'the file is there',
      () => readFileSync(`${folder}/file.txt`, { encoding: 'utf8', flag: 'a+' }) === 'downloaded',
    )
    const second = await one.newPage()
    await second.goto(page)
    expect(await second.title()).toBe('a page')

    const two = await puppeteer.connect({ browserURL: proxy.url })
    const shared = (await two.pages()).filter((each) => each.url().startsWith(page))
    expect(shared).toHaveLength(2)
    expect(await shared[0]?.evaluate('document.title')).toBe('a page')
    await two.disconnect()
    expect(await ended(0)).toMatchObject({ reason: 'client_close', how: 'close_frame' })
    expect(await first.evaluate('1 + 1')).toBe(2)

    await browser.kill()
    await waitUntil('Puppeteer knows', () => !one.connected)
    await restart()
    expect(await ended(1)).toMatchObject({ reason: 'upstream_changed' })
    const again = await puppeteer.connect({ browserURL: proxy.url })
    const fresh = await again.newPage()
    await fresh.goto(page)
    expect(await fresh.evaluate('2 + 2')).toBe(4)
    expect(Buffer.from(await fresh.screenshot()).subarray(0, 4)).toEqual(PNG)
    await again.close()
    // 26: it says Browser.close and goodbye, and then the browser is gone.
    expect(await ended(2)).toMatchObject({ reason: 'client_close', closed_by: 'client', requested: 'Browser.close' })
  })

  test('38: an Origin, a Host that is not loopback, another word than the token: 403 before anything is dialled, no event', async () => {
    const way = await startForwarder(shared())
    const profile = makeFolder()
    const { pathname } = new URL((await shared().version()).webSocketDebuggerUrl)
    writeFileSync(`${profile}/DevToolsActivePort`, `${way.port}\n${pathname}`)
    const open = await proxyOf({ profile })
    const closed = await proxyOf({ profile, token: 'correct-horse' })
    const before = way.arrivals
    const refused: readonly (readonly [string, readonly string[]])[] = [
      [open.ws, ['Origin: https://evil.example']],
      [open.ws, ['Origin: null']],
      [open.ws, ['Host: evil.example']],
      [closed.ws, []],
      [`${closed.ws}?token=battery-staple`, []],
      [closed.ws, ['Authorization: Bearer battery-staple']],
    ]
    for (const [url, headers] of refused) await expect(dialCdp(url, headers)).rejects.toThrow('HTTP/1.1 403 Forbidden')
    expect([way.arrivals - before, open.events, closed.events]).toEqual([0, [], []])
    expect(await (await dialCdp(open.ws)).call('Browser.getVersion')).toHaveProperty('result.product')
    expect(way.arrivals).toBe(before + 1)
  })

  test('38: with a token a client gets through with it, and nobody without', async () => {
    const { proxy, events } = await proxyOf({ upstream: `127.0.0.1:${shared().port}`, token: 'correct-horse' })
    await expect(playwright.connectOverCDP(proxy.url)).rejects.toThrow()
    expect(events).toEqual([])
    const client = await playwright.connectOverCDP(`${proxy.url}/?token=correct-horse`)
    expect(client.isConnected()).toBe(true)
    await client.close()
    expect(JSON.stringify(events)).not.toContain('correct-horse')
  })
})
