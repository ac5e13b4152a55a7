import { connect } from 'node:net'
import type { Socket } from 'node:net'

/** Larger reads than Node's 64 KiB: half the CPU for large messages. Untouched pages of it cost nothing. */
const READ_BUFFER_BYTES = 256 * 1024

/**
 * A raw connection to the browser that reads into one buffer, over and over: memory does not grow with a message.
 *
 * Race R42: the buffer is read into again as soon as the sink has returned `true`. A sink whose bytes have not all left must
 * return `false`; then nothing is read until {@link BrowserLink.resume}.
 */
export interface BrowserLink {
  readonly socket: Socket
  /** Gets every chunk, valid during the call; `false` pauses the browser. */
  sink: (chunk: Buffer) => boolean
  resume(): void
}

/** Begins to connect, half open, without Nagle. The caller listens for `connect`, `end` and `close`; errors are never thrown. */
export function connectBrowser(host: string, port: number): BrowserLink {
  const buffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES)
  const socket = connect({
    host,
    port,
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    onread: {
      buffer,
      callback: (bytes) => link.sink(buffer.subarray(0, bytes)),
    },
  })
  socket.on('error', () => {})
  const link: BrowserLink = {
    socket,
    sink: () => false,
    resume: () => void socket.resume(),
  }
  return link
}
