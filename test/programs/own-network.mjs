/**
 * `own-network.mjs FOLDER`, in a network namespace of its own: a Chromium, a proxy that asks it whether it lives and one that does not, a client
 * of each. Says `{ port }` of the browser; `{ probed }` and `{ unprobed }`, how a session ended, and `{ told }`, with which code, of the second. A
 * line on its standard input starts another browser beside the first. Ends with its standard input.
 */
import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { openSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { startCdpProxy } from '../../dist/proxy/cdp-proxy.js'

const [folder] = process.argv.slice(2)
spawnSync('ip', ['link', 'set', 'lo', 'up'])
const log = `${folder}/chromium.log`
const say = (fact) => process.stdout.write(`${JSON.stringify(fact)}\n`)

function startBrowser(port) {
  const flags =
    '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync --enable-logging=stderr'
  const args = [
    ...flags.split(' '),
    `--remote-debugging-port=${port}`,
    `--user-data-dir=${folder}/${port}`,
    'about:blank',
  ]
  const child = spawn('chromium', args, { detached: true, stdio: ['ignore', 'ignore', openSync(log, 'a')] })
  process.on('exit', () => child.pid && process.kill(-child.pid, 'SIGKILL'))
}

/** Upgrades, and says the code of the close frame that ends it. */
async function join(url) {
  const { hostname, port, host } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port) })
  socket.write(
    `GET /devtools/browser HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
  )
  let bytes = Buffer.alloc(0)
  socket.on('data', (chunk) => (bytes = Buffer.concat([bytes, chunk])))
  while (!bytes.includes('\r\n\r\n')) await wait(5)
  return { code: () => bytes.subarray(bytes.indexOf('\r\n\r\n') + 6).readUInt16BE(0), socket }
}

async function proxy(options, name) {
  const sink = ({ event, properties }) => event === 'cdp_disconnect' && say({ [name]: properties })
  const running = await startCdpProxy({ ...options, sink })
  while (running.upstreamUrl === undefined) await wait(5)
  return join(running.url)
}

startBrowser(9301)
await proxy({ upstream: '127.0.0.1:9301', liveness: { intervalMs: 100, timeoutMs: 800, misses: 3 } }, 'probed')
const second = await proxy({ chromiumLog: log }, 'unprobed')
second.socket.on('end', () => say({ told: second.code() }))
say({ port: 9301 })
process.stdin.once('data', () => startBrowser(9302))
process.stdin.on('end', () => process.exit(0))
