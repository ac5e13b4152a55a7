/** Where the proxy learns that a real Chromium listens, and where it does not. The number is the row of docs/proxy.md. */
import { appendFileSync, copyFileSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { dialCdp, openPage } from '../support/chromium-client.ts'
import { proxyOf } from '../support/cdp-proxy.ts'
import {
  type Chromium,
  freePort,
  holderOf,
  makeFolder,
  NO_CHROMIUM,
  shareChromium,
  startChromium,
} from '../support/chromium.ts'
import { NO_DISPLAY, startDisplay } from '../support/display.ts'
import { startForwarder } from '../support/forwarder.ts'
import { waitUntil } from '../support/wait-until.ts'

/** As Chromium prints it. */
async function lineOf(chromium: Chromium): Promise<string> {
  return `DevTools listening on ${(await chromium.version()).webSocketDebuggerUrl}\n`
}

/** Somebody on loopback who is named in a line and is not that browser. Resolves when asked: then the line was read. */
async function impostor() {
  const server = createServer((_, response) => {
    response.end(JSON.stringify({ webSocketDebuggerUrl: 'ws://127.0.0.1:1/devtools/browser/impostor' }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => server.close().closeAllConnections())
  let asked = 0
  server.on('request', () => (asked += 1))
  return {
    line: `DevTools listening on ws://127.0.0.1:${(server.address() as AddressInfo).port}/devtools/browser/forged\n`,
    askedAgain: async () => {
      const before = asked
      await waitUntil('it was asked', () => asked > before)
    },
  }
}

describe.skipIf(NO_CHROMIUM !== null)(`with Chromium${NO_CHROMIUM === null ? '' : ` (${NO_CHROMIUM})`}`, () => {
  const [first, second] = [shareChromium(), shareChromium()]

  /** A log that names the first browser, a proxy that reads it, a client of that browser, and a forger. */
  async function logged(log = `${makeFolder()}/chromium.log`) {
    if (log !== first().log) writeFileSync(log, await lineOf(first()))
    const under = await proxyOf({ chromiumLog: log })
    const client = await dialCdp(under.ws)
    const forger = await impostor()
    /** The session has outlived whatever was done to the log, and the next true line is still seen. */
    const stillReads = async (sessions = 1) => {
      expect(await client.call('Browser.getVersion')).toHaveProperty('result.product')
      expect(under.proxy.upstreamUrl).toBe((await first().version()).webSocketDebuggerUrl)
      appendFileSync(log, await lineOf(second()))
      expect(await client.ended).toBe(1012)
      expect(await under.ended(sessions - 1)).toMatchObject({ reason: 'upstream_changed', how: 'url_change' })
      expect(under.proxy.upstreamUrl).toBe((await second().version()).webSocketDebuggerUrl)
      expect(under.events).toHaveLength(2 * sessions)
    }
    return { log, forger, client, stillReads, ...under }
  }

  test.skipIf(NO_DISPLAY !== null)(
    `31: chrome://restart, typed: the parent exits 0, its orphan is found, upstream_changed${NO_DISPLAY === null ? '' : ` (${NO_DISPLAY})`}`,
    async () => {
      const display = await startDisplay()
      const folder = makeFolder()
      const log = `${folder}/chromium.log`
      const chromium = await startChromium(folder, { port: await freePort(), log, display: display.name })
      const exit = new Promise((resolve) => chromium.child.once('exit', (...how) => resolve(how)))
      const sources = [{ upstream: `127.0.0.1:${chromium.port}` }, { chromiumLog: log }]
      const proxies = await Promise.all(sources.map((source) => proxyOf({ ...source, restartConfirmWaitMs: 20_000 })))
      const clients = await Promise.all(proxies.map(({ ws }) => dialCdp(ws)))
      const before = chromium.child.pid
      await display.visit('chrome://restart')
      for (const client of clients) expect([1011, 1012]).toContain(await client.ended)
      expect(await exit).toEqual([0, null])
      for (const { ended } of proxies)
        expect(await ended()).toMatchObject({ reason: 'upstream_changed', closed_by: 'upstream', how: 'fin' })
      expect(holderOf(chromium.profile)).not.toBe(before)
      for (const { ws } of proxies)
        expect(await (await dialCdp(ws)).call('Browser.getVersion')).toHaveProperty('result.product')
    },
  )

  test('32: a browser that had to take [::1] is found in the log, dialled, and named in brackets', async () => {
    const folder = makeFolder()
    const port = await freePort()
    const taken = createTcpServer().listen(port, '127.0.0.1')
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

  test('33: a page that forges the line changes nothing, and the next true line is seen', async () => {
    const { log } = first()
    const { client, ws, stillReads } = await logged(log)
    const page = await dialCdp((await openPage(client, ws)).ws)
    const { line, askedAgain } = await impostor()
    const asked = askedAgain()
    await page.call('Runtime.evaluate', { expression: `console.log(${JSON.stringify(`x\n${line}`)})` })
    expect(readFileSync(log, 'utf8').split('\n')).toContain(line.trim())
    await asked
    page.socket.destroy()
    await stillReads(2)
  })

  test('33: a line of a megabyte changes nothing, and the next true line is seen', async () => {
    const { log, forger, stillReads } = await logged()
    // The megabyte ends in what would be a line of its own, and has not ended yet.
    appendFileSync(log, `${'m'.repeat(2 ** 20)}${await lineOf(second())}`)
    appendFileSync(log, forger.line)
    await forger.askedAgain()
    await stillReads()
  })

  test('33: a rotated log changes nothing, and the next true line is seen', async () => {
    const { log, forger, stillReads } = await logged()
    renameSync(log, `${log}.1`)
    writeFileSync(log, forger.line)
    await forger.askedAgain()
    await stillReads()
  })

  test('33: a truncated log changes nothing, and the next true line is seen', async () => {
    const { log, forger, stillReads } = await logged()
    appendFileSync(log, 'another line\n'.repeat(100))
    truncateSync(log)
    appendFileSync(log, forger.line)
    await forger.askedAgain()
    await stillReads()
  })

  test('33: a log that was copied and truncated, and has outgrown what was read of it, changes nothing, and the next true line is seen', async () => {
    const { log, forger, stillReads } = await logged()
    appendFileSync(log, `${'another line\n'.repeat(100)}${forger.line}`)
    await forger.askedAgain()
    copyFileSync(log, `${log}.1`)
    truncateSync(log)
    const another = await impostor()
    appendFileSync(log, `${another.line}${'yet another line\n'.repeat(200)}`)
    await another.askedAgain()
    await stillReads()
  })

  test('33: old lines that are replayed change nothing, and the next true line is seen', async () => {
    const { log, forger, stillReads } = await logged()
    const old = readFileSync(log)
    const gone = `DevTools listening on ws://127.0.0.1:${await freePort()}/devtools/browser/gone\n`
    const elsewhere = 'DevTools listening on ws://10.1.2.3:9222/devtools/browser/elsewhere\n'
    const stale = (await lineOf(first())).replace(/[^/]+\n$/, 'stale\n')
    appendFileSync(log, `${gone}${elsewhere}${stale}${old}${gone}${stale}${forger.line}`)
    await forger.askedAgain()
    await stillReads()
  })

  test('DevToolsActivePort: one that a killed browser left behind is not believed', async () => {
    const profile = makeFolder()
    const [old, next] = await Promise.all(
      [first(), second()].map(async (each) => new URL((await each.version()).webSocketDebuggerUrl)),
    )
    const way = await startForwarder(second())
    const name = (port: number | string, path = ''): void =>
      writeFileSync(`${profile}/DevToolsActivePort`, `${port}\n${path}`)
    name(first().port, old?.pathname)
    const { proxy } = await proxyOf({ profile })
    expect(proxy.upstreamUrl).toBe(old?.href)
    name(way.port, old?.pathname) // where somebody answers, and the id of one who is gone
    await waitUntil('it was asked there, twice', () => way.arrivals >= 2)
    expect(proxy.upstreamUrl).toBe(old?.href)
    name(second().port, next?.pathname)
    await waitUntil('the new browser is known', () => proxy.upstreamUrl === next?.href)
  })
})
