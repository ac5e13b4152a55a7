/**
 * The end of every hop: answers `/json/version`, takes one upgrade after the other, prints its port. A message that begins with `d` and
 * JSON `{ count, bytes }` asks for so many messages of so many bytes, one with `u` and `{ bytes }` announces so many bytes of stream, answered
 * now and when they are there. Any other is answered at once.
 */
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { frame } from '../../bench/wire.mjs'

const ANSWER = frame(Buffer.from('{"id":1,"result":{}}'))
const HEADER_BYTES = 6
const BURST_BYTES = 200_000
const ready = new Map()

const server = createServer((_, response) => {
  const { port } = server.address()
  response.end(JSON.stringify({ webSocketDebuggerUrl: `ws://127.0.0.1:${port}/devtools/browser/bench` }))
})
server.on('upgrade', (request, socket) => {
  const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
  const accept = createHash('sha1').update(key).digest('base64')
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
  socket.setNoDelay(true).on('error', () => {})
  socket.on('end', () => socket.end())
  let toCome = 0
  socket.on('data', (chunk) => {
    if (toCome > 0) {
      toCome -= chunk.length
      if (toCome <= 0) socket.write(ANSWER)
      return
    }
    const text = textOf(chunk)
    if (text[0] === 'd') void flood(socket, JSON.parse(text.slice(1)))
    else socket.write(ANSWER)
    if (text[0] === 'u') toCome = JSON.parse(text.slice(1)).bytes
  })
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`))

/** Of one message shorter than 126 bytes, under whatever key. */
function textOf(chunk) {
  const payload = chunk.subarray(HEADER_BYTES, HEADER_BYTES + (chunk[1] & 0x7f))
  return String.fromCharCode(...payload.map((byte, index) => byte ^ chunk[2 + (index % 4)]))
}

async function flood(socket, { count, bytes }) {
  const atOnce = Math.max(1, Math.floor(BURST_BYTES / bytes))
  const name = `${bytes} ${atOnce}`
  if (!ready.has(name)) {
    const one = frame(Buffer.alloc(bytes, 'x'))
    ready.set(name, atOnce === 1 ? one : Buffer.concat(Array.from({ length: atOnce }, () => one)))
  }
  for (let sent = 0; sent < count && !socket.destroyed; sent += atOnce)
    if (!socket.write(ready.get(name))) await flushed(socket)
}

function flushed(socket) {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done).off('close', done)
      resolve()
    }
    socket.on('drain', done).on('close', done)
  })
}
