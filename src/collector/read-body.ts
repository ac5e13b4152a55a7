import type { IncomingMessage } from 'node:http'

export type Body =
  | { readonly kind: 'whole'; readonly bytes: Buffer }
  | { readonly kind: 'too-large' }
  /** The client went away in the middle: there is nobody to answer. */
  | { readonly kind: 'cut' }

/** Reads a request's body, at most `bytesMax` of it; what is over is thrown away as it comes. Never rejects. */
export function readBody(request: IncomingMessage, bytesMax: number): Promise<Body> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let left = Number(request.headers['content-length']) > bytesMax ? -1 : bytesMax
    if (left < 0) resolve({ kind: 'too-large' })
    // Goes on reading after a refusal: closing on unread bytes resets the connection and the client never sees the 413.
    request.on('data', (chunk: Buffer) => {
      if (left < 0) return
      left -= chunk.length
      if (left >= 0) {
        chunks.push(chunk)
        return
      }
      chunks.length = 0
      resolve({ kind: 'too-large' })
    })
    request.on('end', () => resolve({ kind: 'whole', bytes: Buffer.concat(chunks) }))
    request.on('error', () => resolve({ kind: 'cut' }))
    request.on('close', () => resolve({ kind: 'cut' }))
  })
}
