import type { MessagePort } from 'node:worker_threads'

/** Below it a buffer is not worth the 5 µs. */
const WORTH_IT_BYTES = 32 * 1024

/** Whatever is transferred through a closed port is given up, as the standard has it, and arrives nowhere. */
const nowhere = closedPort()

/**
 * Gives the memory of a chunk back now, which is empty afterwards. A server's socket reads into a new buffer each time, and the
 * collector lets 32 MiB of them gather before it looks: that was the proxy's peak during a long upload. Only for chunks that nobody
 * else has, and whose bytes have left; small ones and parts of a larger buffer stay as they are.
 */
export function releaseBuffer(chunk: Buffer): void {
  const { buffer, length } = chunk
  if (length < WORTH_IT_BYTES || length !== buffer.byteLength) return
  nowhere.postMessage(null, [buffer as ArrayBuffer])
}

function closedPort(): MessagePort {
  const { port1, port2 } = new MessageChannel()
  port1.close()
  port2.close()
  return port1
}
