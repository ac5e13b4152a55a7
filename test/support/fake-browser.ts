/**
 * A DevTools server on a real socket: `/json/version`, `/json/list`, and a WebSocket that answers every message with `down`.
 * It can do to its connections what Chromium does: hang up, reset, fall silent, come back under another id.
 */
import { createHash, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { FrameWalker } from '../../src/proxy/websocket.ts'

export class FakeBrowser {
  id: string = randomUUID()
  /** Answers neither HTTP nor an upgrade. */
  silent = false
  /** Upgrades that come now are accepted when this is resolved. */
  gate: Promise<void> | undefined
  /** Refuses upgrades with 404 while HTTP is answered. */
  refusing = false
  targets: readonly string[] = []
  /** Upgraded connections that are open, newest last. */
  readonly sessions: Socket[] = []
  /** Request line and headers of each upgrade. */
  readonly upgrades: { readonly url: string; readonly headers: NodeJS.Dict<string | string[]> }[] = []
  readonly received: Buffer[] = []
  /** How often `/json/version` was asked for. */
  asked = 0
  onSession: (socket: Socket) => void = () => {}
  onData: (socket: Socket, chunk: Buffer) => void = echo
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #port = 0

  private constructor() {
    this.#server = createServer((request, response) => {
      const path = request.url?.replace(/\/$/, '')
      if (path === '/json/version') this.asked++
      if (this.silent) return
      if (path === '/json/version') return void response.end(JSON.stringify({ webSocketDebuggerUrl: this.url }))
      if (path === '/json/list') return void response.end(JSON.stringify(this.targets.map((id) => ({ id }))))
      response.writeHead(404).end()
    })
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket)).on('error', () => {})
    })
    this.#server.on('upgrade', (request, socket: Socket) => this.#upgrade(request.url ?? '', request.headers, socket))
  }

  static async start(port = 0): Promise<FakeBrowser> {
    const browser = new FakeBrowser()
    await browser.listen(port)
    return browser
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#port}/devtools/browser/${this.id}`
  }

  get connections(): number {
    return this.#sockets.size
  }

  get session(): Socket {
    const [session] = this.sessions.slice(-1)
    if (!session) throw new Error('nobody has connected')
    return session
  }

  async listen(port: number = this.#port): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve))
    this.#port = (this.#server.address() as AddressInfo).port
  }

  /** As SIGKILL: no port, no close frame; FIN, or RST when `reset`. Everything at once. */
  die({ reset = false }: { reset?: boolean } = {}): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const socket of this.#sockets) {
      if (reset) resetSocket(socket)
      else socket.destroy()
    }
    return closed
  }

  /** What is sent down: an unmasked frame. */
  static frame(payload: string | Buffer, opcode = 1, fin = true): Buffer {
    return encode(Buffer.from(payload), opcode, fin, undefined)
  }

  #upgrade(url: string, headers: NodeJS.Dict<string | string[]>, socket: Socket): void {
    this.upgrades.push({ url, headers })
    if (this.silent) return
    if (this.refusing) return void socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n')
    if (this.gate) return void this.gate.then(() => this.#accept(headers, socket))
    this.#accept(headers, socket)
  }

  #accept(headers: NodeJS.Dict<string | string[]>, socket: Socket): void {
    socket.setNoDelay(true)
    const accept = createHash('sha1')
      .update(`${String(headers['sec-websocket-key'])}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64')
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    )
    this.sessions.push(socket)
    socket.on('close', () => this.sessions.splice(this.sessions.indexOf(socket), 1))
    socket.on('data', (chunk: Buffer) => {
      this.received.push(chunk)
      this.onData(socket, chunk)
    })
    // Chromium hangs up at once when it is hung up on.
    socket.on('end', () => socket.end())
    this.onSession(socket)
  }
}

/** RST. Node cannot reset a socket whose own end is under way: libuv answers EINVAL, and the descriptor stays open for good. */
export function resetSocket(socket: Socket): void {
  if (socket.writableEnded && !socket.writableFinished) socket.destroy()
  else socket.resetAndDestroy()
}

/** One answer to each message; the echo and the end that a goodbye is answered with. */
function echo(socket: Socket, chunk: Buffer): void {
  const walker = walkers.get(socket) ?? new FrameWalker()
  walkers.set(socket, walker)
  const before = walker.messages
  walker.walk(chunk)
  for (let answered = before; answered < walker.messages; answered++)
    socket.write(encode(Buffer.from('down'), 1, true, undefined))
  if (walker.closeSaid) socket.end(encode(Buffer.from([0x03, 0xe8]), 8, true, undefined))
}

const walkers = new WeakMap<Socket, FrameWalker>()

/** One frame, masked when a key is given. */
export function encode(payload: Buffer, opcode: number, fin: boolean, mask: number | undefined): Buffer {
  const long = payload.length < 126 ? 0 : payload.length < 65_536 ? 2 : 8
  const head = Buffer.alloc(2 + long + (mask === undefined ? 0 : 4))
  head[0] = (fin ? 0x80 : 0) | opcode
  head[1] = (mask === undefined ? 0 : 0x80) | (long === 0 ? payload.length : long === 2 ? 126 : 127)
  if (long === 2) head.writeUInt16BE(payload.length, 2)
  if (long === 8) head.writeBigUInt64BE(BigInt(payload.length), 2)
  if (mask === undefined) return Buffer.concat([head, payload])
  head.writeUInt32BE(mask, head.length - 4)
  const key = head.subarray(-4)
  const masked = Buffer.from(payload)
  for (let at = 0; at < masked.length; at++) masked[at] = (masked[at] ?? 0) ^ (key[at % 4] ?? 0)
  return Buffer.concat([head, masked])
}
