/** The last bytes of a stream: what a session that writes for hours may hold in memory. */
export interface KeptOutput {
  add(chunk: Buffer): void
  /** As UTF-8. */
  text(): string
}

export function keepOutput(limitBytes: number): KeptOutput {
  let chunks: Buffer[] = []
  let bytes = 0
  return {
    add(chunk) {
      chunks.push(chunk)
      bytes += chunk.length
      // Twice the limit before anything is cut: each byte is copied at most once for each time it is kept.
      if (bytes <= 2 * limitBytes) return
      chunks = [lastOf(chunks, limitBytes)]
      bytes = limitBytes
    },
    text: () => lastOf(chunks, limitBytes).toString('utf8'),
  }
}

function lastOf(chunks: readonly Buffer[], limitBytes: number): Buffer {
  const whole = Buffer.concat(chunks)
  return Buffer.from(whole.subarray(Math.max(0, whole.length - limitBytes)))
}
