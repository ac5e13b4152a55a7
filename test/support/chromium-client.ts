/** A client of its own for the proxy: a TCP socket that upgrades and sends frames, so that a test decides every byte and every end. */
import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export interface CdpClient {
  readonly socket: Socket
  /** Sends a command, resolves with its answer; rejects when the connection is over. */
  readonly call: (method: string, params?: object) => Promise<Record<string, unknown>>
  readonly send: (opcode: number, payload: Buffer) => void
  /** Resolves when the other side has hung up: with the code of its close frame, if there was one, else with how. */
  readonly ended: Promise<number | 'fin' | 'reset'>
}

/** Connects to `ws://HOST:PORT/path`; rejects with the status line of a refusal. */
export async function dialCdp(url: string, headers: readonly string[] = []): Promise<CdpClient> {
  const { hostname, port, host, pathname, search } = new URL(url)
  const socket = connect({ host: hostname.replace(/[[\]]/g, ''), port: Number(port) })
  onTestFinished(() => void socket.destroy())
  const lines = [
    `GET ${pathname}${search} HTTP/1.1`,
    ...(headers.some((line) => line.startsWith('Host: ')) ? [] : [`Host: ${host}`]),
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    ...headers,
  ]
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  let held: Buffer = Buffer.alloc(0)
  // A frame of 150 MiB comes in thousands of pieces: they are put together once, when all are there.
  let pieces: Buffer[] = []
  let missing = 0
  let isOpen = false
  let nextId = 0
  let code: number | null = null
  let message: Buffer[] = []
  const waiting = new Map<number, { resolve: (value: Record<string, unknown>) => void; reject: (why: Error) => void }>()
  const client = deferred<void>()
  const ended = new Promise<number | 'fin' | 'reset'>((resolve) => {
    socket.on('end', () => resolve(code ?? 'fin'))
    socket.on('close', (hadError) => resolve(code ?? (hadError ? 'reset' : 'fin')))
  })
  socket.on('error', () => undefined)
  void ended.then((how) => {
    client.reject(new Error(held.toString().split('\r\n')[0] || String(how)))
    for (const { reject } of waiting.values()) reject(new Error(`ended: ${how}`))
  })
  socket.on('data', (chunk) => {
    pieces.push(chunk)
    missing -= chunk.length
    if (missing > 0) return
    held = Buffer.concat([held, ...pieces])
    pieces = []
    if (!isOpen) {
      const end = held.indexOf('\r\n\r\n')
      if (end === -1 || !held.toString('latin1').startsWith('HTTP/1.1 101')) return
      held = held.subarray(end + 4)
      isOpen = true
      client.resolve()
    }
    for (;;) {
      const frame = frameIn(held)
      if (typeof frame === 'number') {
        missing = frame
        return
      }
      held = held.subarray(frame.bytes)
      if (frame.opcode === 8) {
        code = frame.payload.length >= 2 ? frame.payload.readUInt16BE(0) : 1005
        continue
      }
      if (frame.opcode > 8) continue
      message.push(frame.payload)
      if (!frame.fin) continue
      const text = Buffer.concat(message)
      message = []
      const said = JSON.parse(text.toString()) as { id?: number } & Record<string, unknown>
      if (said.id === undefined) continue
      waiting.get(said.id)?.resolve(said)
      waiting.delete(said.id)
    }
  })
  await client.promise
  const send = (opcode: number, payload: Buffer): void => {
    const length = payload.length
    const size = length < 126 ? 2 : length < 65_536 ? 4 : 10
    const header = Buffer.alloc(size + 4)
    header[0] = 0x80 | opcode
    header[1] = 0x80 | (size === 2 ? length : size === 4 ? 126 : 127)
    if (size === 4) header.writeUInt16BE(length, 2)
    if (size === 10) header.writeBigUInt64BE(BigInt(length), 2)
    // A mask of zeros leaves the payload as it is.
    socket.write(Buffer.concat([header, payload]))
  }
  return {
    socket,
    ended,
    send,
    call: (method, params = {}) =>
      new Promise((resolve, reject) => {
        nextId += 1
        waiting.set(nextId, { resolve, reject })
        send(1, Buffer.from(JSON.stringify({ id: nextId, method, params })))
      }),
  }
}

/** The first frame, or how many bytes are missing until it can be told. */
function frameIn(bytes: Buffer): { fin: boolean; opcode: number; payload: Buffer; bytes: number } | number {
  if (bytes.length < 2) return 1
  const short = (bytes[1] ?? 0) & 0x7f
  const header = short < 126 ? 2 : short === 126 ? 4 : 10
  if (bytes.length < header) return 1
  const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2))
  if (bytes.length < header + length) return header + length - bytes.length
  const first = bytes[0] ?? 0
  return {
    fin: first >= 0x80,
    opcode: first & 15,
    payload: bytes.subarray(header, header + length),
    bytes: header + length,
  }
}

function deferred<T>() {
  let resolve: (value: T) => void = () => undefined
  let reject: (why: Error) => void = () => undefined
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

/** A new empty tab, by a client of the browser: its id, and where a client of its own finds it. */
export async function openPage(browser: CdpClient, ws: string): Promise<{ readonly id: string; readonly ws: string }> {
  const { result } = await browser.call('Target.createTarget', { url: 'about:blank' })
  const { targetId } = result as { targetId: string }
  return { id: targetId, ws: ws.replace(/browser$/, `page/${targetId}`) }
}
