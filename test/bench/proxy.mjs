/**
 * `npm run bench -- proxy`: one hop, side by side in one run: direct, through socat (a C splice), through us. Needs `npm run build`
 * and socat (`apt-get install socat`). The ends are in this process, each hop in one of its own. Ratios count, not times.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createHash } from 'node:crypto'
import { connect } from 'node:net'

const ROUNDS = 10
const TRIPS = 2_000
const SMALL = 500_000
const LARGE_BYTES = 95 * 2 ** 20
const SMALL_BURST = Buffer.concat(Array.from({ length: 1_000 }, () => frame(Buffer.alloc(200, 'x'))))
const LARGE = process.argv[2] === 'hop' ? undefined : frame(Buffer.alloc(LARGE_BYTES, 'x'))

if (process.argv[2] === 'hop') await hop(process.argv[3])
else await bench()

/** Child: our session behind a bare server. Prints its port. */
async function hop(browserUrl) {
  const { serveCdpSession, SESSION_DEFAULTS } = await import('../../dist/proxy/cdp-session.js')
  const { Upstream } = await import('../../dist/proxy/upstream.js')
  const upstream = new Upstream()
  upstream.set(browserUrl)
  const world = {
    upstream,
    settings: SESSION_DEFAULTS,
    onConnect() {},
    onDisconnect() {},
    signal: new AbortController().signal,
  }
  const server = createServer().on(
    'upgrade',
    (request, socket, head) => void serveCdpSession(request, socket, head, world),
  )
  server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`))
}

async function bench() {
  const browser = createServer().on('upgrade', serveBrowser)
  await once(browser.listen(0, '127.0.0.1'), 'listening')
  const { port } = browser.address()
  const children = []
  const hops = { direct: { port } }
  if (existsSync('/usr/bin/socat')) {
    const socatPort = await freePort()
    const child = spawn(
      'socat',
      [`TCP-LISTEN:${socatPort},bind=127.0.0.1,fork,reuseaddr,nodelay`, `TCP:127.0.0.1:${port},nodelay`],
      { stdio: 'ignore' },
    )
    children.push(child)
    hops.socat = { port: socatPort }
  } else process.stderr.write('socat is not installed: no ratio to it\n')
  const ours = spawn(process.execPath, [import.meta.filename, 'hop', `ws://127.0.0.1:${port}/devtools/browser/x`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(ours)
  const [line] = await once(ours.stdout, 'data')
  hops.afterword = { port: Number(line), pid: ours.pid }
  try {
    const seen = Object.fromEntries(Object.keys(hops).map((name) => [name, { trips: [], small: 0, large: 0 }]))
    for (let round = 0; round < ROUNDS; round++)
      for (const [name, { port }] of Object.entries(hops)) {
        const client = await open(port)
        seen[name].trips.push(...(await roundTrips(client)))
        client.destroy()
      }
    for (let round = 0; round < 3; round++)
      for (const [name, { port }] of Object.entries(hops)) {
        seen[name].small = Math.max(seen[name].small, SMALL / (await download(port, 's', SMALL * 204)))
        seen[name].large = Math.max(
          seen[name].large,
          (3 * LARGE_BYTES) / 2 ** 20 / (await download(port, 'l', 3 * (LARGE_BYTES + 10))),
        )
      }
    const peakMb = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${ours.pid}/status`, 'utf8'))[1]) / 1024
    const direct = median(seen.direct.trips)
    for (const [name, { trips, small, large }] of Object.entries(seen))
      console.log(
        `${name.padEnd(10)} round trip p50 ${median(trips).toFixed(1)} us (+${(median(trips) - direct).toFixed(1)})   ` +
          `${(small / 1e6).toFixed(2)} M messages/s   95 MiB messages ${large.toFixed(0)} MiB/s`,
      )
    if (seen.socat)
      console.log(
        `added p50, of socat's: ${((median(seen.afterword.trips) - direct) / (median(seen.socat.trips) - direct)).toFixed(2)} (budget 1.15)`,
      )
    console.log(`peak memory after 95 MiB messages: ${peakMb.toFixed(0)} MB (budget 64)`)
  } finally {
    for (const child of children) child.kill('SIGKILL')
    browser.closeAllConnections()
    browser.close()
    process.exitCode ??= 0
    setImmediate(() => process.exit())
  }
}

/** Echoes; `s` and `l` as first byte of a masked message ask for a flood. */
function serveBrowser(request, socket) {
  const accept = createHash('sha1')
    .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64')
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
  socket.setNoDelay(true).on('error', () => {})
  socket.on('data', async (chunk) => {
    const asked = chunk.length === 7 ? String.fromCharCode(chunk[6]) : ''
    if (asked === 's') for (let sent = 0; sent < SMALL; sent += 1_000) await write(socket, SMALL_BURST)
    else if (asked === 'l') for (let sent = 0; sent < 3; sent++) await write(socket, LARGE)
    else socket.write(chunk)
  })
}

async function write(socket, data) {
  if (!socket.write(data) && !socket.destroyed) await once(socket, 'drain')
}

function frame(payload) {
  const head = Buffer.alloc(payload.length < 126 ? 2 : payload.length < 65_536 ? 4 : 10)
  head[0] = 0x81
  head[1] = payload.length < 126 ? payload.length : payload.length < 65_536 ? 126 : 127
  if (head.length === 4) head.writeUInt16BE(payload.length, 2)
  if (head.length === 10) head.writeBigUInt64BE(BigInt(payload.length), 2)
  return Buffer.concat([head, payload])
}

/** Masked with zeros: the same text on the wire. */
function request(text) {
  return Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)])
}

async function open(port) {
  for (let tries = 0; ; tries++) {
    const socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: { buffer: Buffer.alloc(262_144), callback: (n, buf) => socket.sink(n, buf) },
    })
    socket.on('error', () => {})
    const answered = new Promise((resolve, reject) => {
      socket.sink = resolve
      socket.once('close', () => reject(new Error('refused')))
    })
    socket.write(
      'GET /devtools/browser/x HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    )
    try {
      await answered
      return socket
    } catch (error) {
      // socat takes a moment to listen.
      if (tries > 50) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

async function roundTrips(socket) {
  const message = request('{"id":1,"method":"Browser.getVersion"}')
  const times = []
  for (let trip = 0; trip < TRIPS; trip++) {
    const begin = process.hrtime.bigint()
    await new Promise((resolve) => {
      socket.sink = resolve
      socket.write(message)
    })
    if (trip >= TRIPS / 10) times.push(Number(process.hrtime.bigint() - begin) / 1_000)
  }
  return times
}

/** Seconds until so many bytes have come. */
async function download(port, what, bytes) {
  const socket = await open(port)
  let left = bytes
  const begin = performance.now()
  await new Promise((resolve) => {
    socket.sink = (n) => {
      left -= n
      if (left <= 0) resolve()
    }
    socket.write(request(what))
  })
  socket.destroy()
  return (performance.now() - begin) / 1_000
}

async function freePort() {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1]
}
