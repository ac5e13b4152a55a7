/** One bounded HTTP request to a browser's DevTools port. Errors are values: a browser that is away is an everyday answer. */
import http from 'node:http'
import { isIP } from 'node:net'

export interface BrowserAddress {
  /** Without brackets. */
  readonly host: string
  readonly port: number
}

export type BrowserAnswer =
  | { readonly kind: 'answer'; readonly status: number; readonly type: string; readonly body: Buffer }
  /** Refused, reset, silent for too long, or an answer over 64 MiB; an errno code or a word. */
  | { readonly kind: 'unreachable'; readonly reason: string }

/** `/json/protocol` is 1.5 MB, a list of thousands of tabs a few. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024
const ANSWER_MS_MAX = 5_000

/** No Origin is sent: Chromium answers 403 to one. */
export function fetchFromBrowser(address: BrowserAddress, method: string, path: string): Promise<BrowserAnswer> {
  return new Promise((resolve) => {
    const { host, port } = address
    const unreachable = (reason: string): void => {
      clearTimeout(deadline)
      request.destroy()
      resolve({ kind: 'unreachable', reason })
    }
    const request = http.request(
      { host, port, method, path, agent: false, headers: { host: hostHeader(address) } },
      (answer) => {
        const chunks: Buffer[] = []
        let bytes = 0
        answer.on('data', (chunk: Buffer) => {
          chunks.push(chunk)
          bytes += chunk.length
          if (bytes > ANSWER_BYTES_MAX) unreachable('too-large')
        })
        answer.on('error', (error: NodeJS.ErrnoException) => unreachable(error.code ?? error.message))
        answer.on('end', () => {
          clearTimeout(deadline)
          const type = answer.headers['content-type'] ?? 'text/plain'
          resolve({ kind: 'answer', status: answer.statusCode ?? 0, type, body: Buffer.concat(chunks) })
        })
      },
    )
    const deadline = setTimeout(() => unreachable('silent'), ANSWER_MS_MAX)
    request.on('error', (error: NodeJS.ErrnoException) => unreachable(error.code ?? error.message))
    request.end()
  })
}

/** What Chromium lets in: it answers 500 to any Host but an address and localhost, so a name (a container's) is called localhost. */
function hostHeader({ host, port }: BrowserAddress): string {
  const family = isIP(host)
  return `${family === 6 ? `[${host}]` : family === 4 ? host : 'localhost'}:${port}`
}
