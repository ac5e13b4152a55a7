/**
 * One `GET` with a bearer credential, for a principal's look-up. Redirects are not followed: they would carry the credential away.
 * Goes through the proxy that the environment names, like everything else that leaves.
 */
import { REPORTER_LIMITS } from './limits.ts'
import { type Environment, openConnections } from './proxy-tunnel.ts'

/** The body of a whole 200 within `limitMs`, DNS and the last byte included; null for everything else. Never rejects. */
export function bearerGet(
  url: string,
  credential: string,
  limitMs: number,
  env: Environment = process.env,
): Promise<string | null> {
  return new Promise((resolve) => {
    const connections = openConnections(env)
    const settle = (body: string | null): void => {
      clearTimeout(timer)
      connections.close()
      resolve(body)
    }
    const timer = setTimeout(settle, limitMs, null)
    try {
      const headers = { accept: 'application/json', authorization: `Bearer ${credential}` }
      const request = connections.request('GET', new URL(url), headers)
      request.on('error', () => settle(null))
      request.on('close', () => settle(null))
      request.on('response', (response) => {
        if (response.statusCode !== 200) return settle(null)
        const chunks: Buffer[] = []
        let bytes = 0
        response.on('error', () => settle(null))
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk)
          bytes += chunk.length
          if (bytes > REPORTER_LIMITS.answerBytesMax) settle(null)
        })
        response.on('end', () => settle(Buffer.concat(chunks).toString('utf8')))
      })
      request.end()
    } catch {
      settle(null) // not a URL, a header that cannot be, or a proxy that we cannot use
    }
  })
}
