/** The client's end of a hop: raw sockets that read into one buffer, so that the ends cost as little as can be. */
import { connect } from 'node:net'

/** One for all clients: what comes is counted, and never looked at. */
const READ_BUFFER = Buffer.alloc(256 * 1024)

/** From a server: one unmasked text message. */
export function frame(payload) {
  const head = Buffer.alloc(payload.length < 126 ? 2 : payload.length < 65_536 ? 4 : 10)
  head[0] = 0x81
  head[1] = payload.length < 126 ? payload.length : payload.length < 65_536 ? 126 : 127
  if (head.length === 4) head.writeUInt16BE(payload.length, 2)
  if (head.length === 10) head.writeBigUInt64BE(BigInt(payload.length), 2)
  return Buffer.concat([head, payload])
}

/** From a client: masked with zeros, so the text stays as it is. */
export function masked(payload) {
  const plain = frame(payload)
  const headBytes = plain.length - payload.length
  plain[1] |= 0x80
  return Buffer.concat([plain.subarray(0, headBytes), Buffer.alloc(4), payload])
}

/** A WebSocket through a hop. `sink(bytes)` is called for everything that comes. */
export function openClient(port) {
  return new Promise((resolve, reject) => {
    const socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: { buffer: READ_BUFFER, callback: (bytes) => client.sink(bytes) },
    })
    const refused = () => reject(new Error(`opening a WebSocket at port ${port}: it hung up, wants 101`))
    const client = {
      socket,
      sink: () => {
        socket.off('close', refused)
        resolve(client)
      },
    }
    socket.on('error', () => {}).once('close', refused)
    socket.write(
      `GET /devtools/browser/bench HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    )
  })
}

const QUESTION = masked(Buffer.from('{"id":1,"method":"Browser.getVersion"}'))

/** Microseconds of each of `count` round trips of a small message, one after the other. */
export async function roundTrips(client, count) {
  const times = []
  for (let trip = 0; trip < count; trip++) times.push(await roundTrip(client))
  return times
}

/** Microseconds of one. */
export async function roundTrip(client) {
  const begin = performance.now()
  await new Promise((resolve) => {
    client.sink = resolve
    client.socket.write(QUESTION)
  })
  return (performance.now() - begin) * 1_000
}

/** Seconds until `count` messages of `bytes` bytes have come from the browser. */
export async function download(client, count, bytes) {
  const begin = performance.now()
  const come = coming(client, count * frame(Buffer.alloc(bytes)).length)
  client.socket.write(masked(Buffer.from(`d${JSON.stringify({ count, bytes })}`)))
  await come
  return (performance.now() - begin) / 1_000
}

/** Seconds until the browser says that `count` messages of `bytes` bytes are there. */
export async function upload(client, count, bytes) {
  const one = masked(Buffer.alloc(bytes, 'x'))
  const atOnce = Math.max(1, Math.floor(200_000 / bytes))
  const burst = atOnce === 1 ? one : Buffer.concat(Array.from({ length: atOnce }, () => one))
  let answered = coming(client, 1)
  client.socket.write(masked(Buffer.from(`u${JSON.stringify({ bytes: count * one.length })}`)))
  await answered
  answered = coming(client, 1)
  const begin = performance.now()
  for (let sent = 0; sent < count; sent += atOnce)
    if (!client.socket.write(burst)) await new Promise((resolve) => client.socket.once('drain', resolve))
  await answered
  return (performance.now() - begin) / 1_000
}

function coming(client, bytes) {
  let left = bytes
  return new Promise((resolve, reject) => {
    const gone = () => reject(new Error(`reading from a hop: it hung up with ${left} bytes to come`))
    client.socket.once('close', gone)
    client.sink = (come) => {
      left -= come
      if (left > 0) return
      client.socket.off('close', gone)
      resolve()
    }
  })
}
