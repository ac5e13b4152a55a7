/** Looks for a text in a stream of chunks, also across their borders. Pure but for its own memory: less than the marker's length. */
export function markerSearch(marker: string): (chunk: Buffer) => boolean {
  const wanted = Buffer.from(marker)
  let tail = Buffer.alloc(0)
  return (chunk) => {
    const text = Buffer.concat([tail, chunk])
    if (text.includes(wanted)) return true
    // A copy: a slice would keep the whole chunk in memory.
    tail = Buffer.from(text.subarray(Math.max(0, text.length - wanted.length + 1)))
    return false
  }
}
