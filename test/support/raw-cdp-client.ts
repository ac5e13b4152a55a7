/** A CDP client on a raw socket: sees every byte, and how the connection ended. */
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { FrameWalker } from '../../src/proxy/websocket.ts'
import { encode } from './fake-browser.ts'
import { waitUntil } from './wait-until.ts'

export class RawCdpClient {
  readonly socket: Socket
  /** Counts what has come. */
  readonly down: FrameWalker = new FrameWalker()
  readonly chunks: Buffer[] = []
  status = 0
  /** Of a refusal. */
  text = ''
  endedBy: 'fin' | 'reset' | undefined
  keep = true

  constructor(port: number, path = '/', headers: Readonly<Record<string, string>> = {}) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
    let head: Buffer | undefined = Buffer.alloc(0)
    this.socket.on('error', () => (this.endedBy ??= 'reset'))
    this.socket.on('end', () => {
      this.endedBy ??= 'fin'
      this.socket.end()
    })
    this.socket.on('data', (chunk: Buffer) => {
      if (head === undefined) return this.#frames(chunk)
      head = Buffer.concat([head, chunk])
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) return
      this.status = Number(head.toString('latin1', 9, 12))
      if (this.status !== 101) return void (this.text = head.toString('utf8', end + 4))
      const rest = head.subarray(end + 4)
      this.responseHead = head.toString('latin1', 0, end)
      head = undefined
      this.#frames(rest)
    })
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    this.socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n` +
        `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${lines.join('')}\r\n`,
    )
  }

  responseHead = ''

  static async open(port: number, path?: string, headers?: Readonly<Record<string, string>>): Promise<RawCdpClient> {
    const client = new RawCdpClient(port, path, headers)
    await waitUntil('the client was answered', () => client.status !== 0 || client.endedBy !== undefined)
    return client
  }

  /** Masked, as a client's messages are. */
  send(payload: string | Buffer, opcode = 1): void {
    this.socket.write(encode(Buffer.from(payload), opcode, true, 0x12345678))
  }

  async roundTrip(): Promise<void> {
    const before = this.down.messages
    this.send('up')
    await waitUntil('the browser has answered', () => this.down.messages > before)
  }

  /** A goodbye: what the ws package sends is empty. */
  sayGoodbye(code?: number, reason = ''): void {
    const payload = code === undefined ? Buffer.alloc(0) : Buffer.concat([Buffer.alloc(2), Buffer.from(reason)])
    if (code !== undefined) payload.writeUInt16BE(code)
    this.socket.write(encode(payload, 8, true, 0x12345678))
  }

  #frames(chunk: Buffer): void {
    this.down.walk(chunk)
    if (this.keep) this.chunks.push(chunk)
  }
}
