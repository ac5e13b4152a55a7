/** `afterword proxy` as users run it. The browser is a port that answers `/json/version` and accepts websockets: what it says is not the subject here. */
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { dialCdp } from '../support/chromium-client.ts'
import { startFakePostHog } from '../support/fake-posthog.ts'
import { type Home, makeHome } from '../support/home.ts'
import { waitUntil } from '../support/wait-until.ts'
import { startAfterword } from './program.ts'

async function fakeBrowser(): Promise<string> {
  const open = new Set<Socket>()
  const server = http.createServer((request, response) => {
    const webSocketDebuggerUrl = `ws://${request.headers.host}/devtools/browser/b-1`
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ webSocketDebuggerUrl }))
  })
  server.on('upgrade', (request, socket) => {
    open.add(socket as Socket)
    const accept = createHash('sha1').update(
      `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`,
    )
    socket
      .on('error', () => undefined)
      .on('end', () => socket.end())
      .resume()
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept.digest('base64')}\r\n\r\n`,
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    for (const socket of open) socket.destroy()
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function proxying(home: Home, words: string) {
  const running = startAfterword(home, `proxy --app acme --listen 127.0.0.1:0 --json ${words}`)
  let stderr = ''
  running.child.stderr?.on('data', (text: string) => {
    stderr += text
  })
  const url = await waitUntil('it listens', () => /Proxy on (\S+),/.exec(stderr)?.[1])
  await waitUntil('it knows the browser', async () => (await fetch(`${url}/json/version`)).status === 200)
  return { ...running, ws: `${url.replace('http', 'ws')}/devtools/browser/b-1` }
}

async function world() {
  const home = makeHome()
  const posthog = await startFakePostHog()
  onTestFinished(() => posthog.close())
  const words = `--upstream ${await fakeBrowser()} --host ${posthog.url} --api-key phc_proxy`
  return { home, posthog, words }
}

test('proxy records both events of a session and a reporter delivers them', async () => {
  const { home, posthog, words } = await world()
  const proxy = await proxying(home, words)
  const client = await dialCdp(proxy.ws)
  client.socket.end()
  await proxy.said('client_close')
  await posthog.waitFor(({ acceptedEvents }) => acceptedEvents.length === 2)
  proxy.child.kill('SIGTERM')
  const { code, stdout } = await proxy.finished
  expect(code).toBe(0)
  const said = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { event: string; properties: { connection_id: string } })
  expect(said.map(({ event }) => event)).toEqual(['cdp_connect', 'cdp_disconnect'])
  const [connect, disconnect] = ['cdp_connect', 'cdp_disconnect'].map((name) =>
    posthog.acceptedEvents.find(({ event }) => event === name),
  )
  expect(disconnect?.properties).toMatchObject({
    reason: 'client_close',
    how: 'fin',
    telemetry_dropped: 0,
    connection_id: connect?.properties['connection_id'],
  })
  expect(home.inFlight()).toEqual([])
})

test('SIGTERM tells every client 1001, records every end and is over in time', async () => {
  const { home, words } = await world()
  const proxy = await proxying(home, words)
  const clients = await Promise.all([dialCdp(proxy.ws), dialCdp(proxy.ws), dialCdp(proxy.ws)])
  const before = performance.now()
  proxy.child.kill('SIGTERM')
  expect(await Promise.all(clients.map(({ ended }) => ended))).toEqual([1001, 1001, 1001])
  const { code, stdout } = await proxy.finished
  expect(code).toBe(0)
  expect(performance.now() - before).toBeLessThan(10_000)
  expect(stdout.match(/"context_cancelled"/g)).toHaveLength(3)
})

test('42: a proxy that was killed leaves its open sessions to the next run, which closes them as lost', async () => {
  const { home, posthog, words } = await world()
  const first = await proxying(home, words)
  await Promise.all([dialCdp(first.ws), dialCdp(first.ws)])
  await waitUntil('both have a record', () => home.inFlight().length === 2)
  // A reporter that is still at work would close them at once: the next run is the one that is meant here.
  await posthog.waitFor(({ acceptedEvents }) => acceptedEvents.length === 2)
  await home.quiet()
  first.child.kill('SIGKILL')
  await first.finished
  expect(posthog.acceptedEvents.filter(({ event }) => event === 'cdp_disconnect')).toEqual([])
  rmSync(home.layout.backoff, { force: true })
  const second = await proxying(home, words)
  const lost = await posthog.waitFor(({ acceptedEvents }) => {
    const ends = acceptedEvents.filter(({ event }) => event === 'cdp_disconnect')
    return ends.length === 2 ? ends : null
  })
  for (const { properties } of lost) {
    expect(properties).toMatchObject({ reason: 'context_cancelled', how: 'lost', closed_by: 'proxy', confirmed: false })
    expect(properties).not.toHaveProperty('duration_ms')
  }
  const begun = posthog.acceptedEvents.filter(({ event }) => event === 'cdp_connect')
  expect(lost.map(({ properties }) => properties['connection_id']).sort()).toEqual(
    begun.map(({ properties }) => properties['connection_id']).sort(),
  )
  second.child.kill('SIGTERM')
  await second.finished
})

test('41: a spool that takes no writes changes nothing for the client, and is counted', async () => {
  const { home, words } = await world()
  const proxy = await proxying(home, words)
  // What a full disk does to every new file, without one: the folders are files.
  for (const folder of [home.layout.inFlight, home.layout.pending]) {
    rmSync(folder, { recursive: true, force: true })
    writeFileSync(folder, '')
  }
  const client = await dialCdp(proxy.ws)
  client.socket.end()
  expect(await client.ended).toBe('fin')
  await proxy.said('client_close')
  proxy.child.kill('SIGTERM')
  const { code, stdout } = await proxy.finished
  expect(code).toBe(0)
  expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({ properties: { telemetry_dropped: 1 } })
})

test('without a destination, and opted out, nothing is kept, and it says so', async () => {
  const { home, words } = await world()
  const nowhere = startAfterword(home, `proxy --app acme --listen 127.0.0.1:0 --upstream 127.0.0.1:1`)
  let said = ''
  nowhere.child.stderr?.on('data', (text: string) => (said += text))
  await waitUntil('it says so', () => said.includes('Nothing is sent or kept: --host'))
  nowhere.child.kill('SIGTERM')
  await nowhere.finished
  const off = startAfterword(home, `proxy --app acme --listen 127.0.0.1:0 ${words}`, { DO_NOT_TRACK: '1' })
  let saidOff = ''
  off.child.stderr?.on('data', (text: string) => (saidOff += text))
  await waitUntil('it says so', () => saidOff.includes('Proxy on'))
  expect(saidOff).toContain('Nothing is sent or kept: ')
  off.child.kill('SIGTERM')
  await off.finished
  expect(home.files()).toEqual([])
})

test.each([
  ['proxy', 'it wants one of --upstream HOST:PORT, --chromium-log FILE and --launch'],
  ['proxy --launch --upstream 127.0.0.1:1', 'it wants one of --upstream HOST:PORT'],
  ['proxy --upstream 127.0.0.1:1 --listen 0.0.0.0:0', 'wants a token'],
])('`afterword %s` is wrong usage', async (words, why) => {
  const { code, stderr } = await startAfterword(makeHome(), words).finished
  expect(code).toBe(2)
  expect(stderr.replace(/\s+/g, ' ')).toContain(why)
})

test('--launch without a Chromium says what to do', async () => {
  const home = makeHome()
  const { code, stderr } = await startAfterword(home, 'proxy --launch', { PATH: home.path }).finished
  expect(code).toBe(1)
  expect(stderr).toContain('there is no Chromium on PATH to launch (chromium, ')
  expect(stderr).toContain('Install one, or name one that runs: --upstream HOST:PORT')
  expect(home.files()).toEqual([])
})

test('--launch starts one that dies young again, later and later, and says each time how it died', async () => {
  const home = makeHome()
  const log = `${home.path}/starts`
  mkdirSync(`${home.path}/bin`)
  writeFileSync(`${home.path}/bin/chromium`, `#!/bin/sh\ndate +%s%N >> ${log}\nexit 7\n`)
  chmodSync(`${home.path}/bin/chromium`, 0o755)
  const proxy = startAfterword(home, 'proxy --launch --app acme --listen 127.0.0.1:0', {
    PATH: `${home.path}/bin:${process.env['PATH']}`,
  })
  const starts = await waitUntil('it was started five times', () => {
    const times = existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter(Boolean) : []
    return times.length >= 5 && times.map((time) => Number(BigInt(time) / 1_000_000n))
  })
  proxy.child.kill('SIGTERM')
  const { code, stderr } = await proxy.finished
  expect(code).toBe(0)
  expect(stderr.match(/Chromium ended with exit code 7; it is started again/g)?.length).toBeGreaterThanOrEqual(4)
  for (const [at, pauseMs] of [100, 200, 400, 800].entries())
    expect((starts[at + 1] ?? 0) - (starts[at] ?? 0)).toBeGreaterThanOrEqual(pauseMs)
  expect(readdirSync(home.path).filter((name) => name.startsWith('afterword-chromium-'))).toEqual([])
})
