/** One hop in a process of its own: `hop.mjs KIND PORT` passes on to 127.0.0.1:PORT and prints its own port. */
import { connect, createServer } from 'node:net'

const [kind, to] = process.argv.slice(2)
const hops = { afterword, ws, net }
await hops[kind](Number(to))

/** Ours, as it is installed. */
async function afterword(port) {
  const { startCdpProxy } = await import('../../../dist/proxy/cdp-proxy.js')
  const proxy = await startCdpProxy({ upstream: `127.0.0.1:${port}`, sink: () => {} })
  while (proxy.upstreamUrl === undefined) await new Promise((resolve) => setTimeout(resolve, 10))
  process.stdout.write(`${new URL(proxy.url).port}\n`)
}

/** Two WebSockets of the ws package, without deflate and without its limit: what is written when nobody measures. */
async function ws(port) {
  const { WebSocket, WebSocketServer } = await import('ws')
  const unlimited = { perMessageDeflate: false, maxPayload: 2 ** 30 }
  const server = new WebSocketServer({ ...unlimited, port: 0, host: '127.0.0.1' })
  server.on('connection', (client, request) => {
    const browser = new WebSocket(`ws://127.0.0.1:${port}${request.url}`, unlimited)
    const early = []
    client.on('message', (data, binary) => {
      if (browser.readyState === WebSocket.OPEN) browser.send(data, { binary })
      else early.push([data, binary])
    })
    browser.on('open', () => early.forEach(([data, binary]) => browser.send(data, { binary })))
    browser.on('message', (data, binary) => client.send(data, { binary }))
    for (const [from, other] of [
      [client, browser],
      [browser, client],
    ])
      from.on('close', () => other.terminate()).on('error', () => {})
  })
  server.on('listening', () => process.stdout.write(`${server.address().port}\n`))
}

/** Bytes and nothing else, with Node's own pipes. */
function net(port) {
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
    const browser = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
    client.pipe(browser).pipe(client)
    client.on('error', () => browser.destroy())
    browser.on('error', () => client.destroy())
  })
  server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`))
}
