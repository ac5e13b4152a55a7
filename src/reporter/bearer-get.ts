/** One `GET` with a bearer credential, for a principal's look-up. Redirects are not followed: they would carry the credential away. */
const ANSWER_BYTES_MAX = 64 * 1024

/** The body of a 200 within `limitMs`; null for everything else. Never rejects. */
export function bearerGet(url: string, credential: string, limitMs: number): Promise<string | null> {
  return new Promise((resolve) => {
    try {
      const client = url.startsWith('https:')
        ? process.getBuiltinModule('node:https')
        : process.getBuiltinModule('node:http')
      const headers = { accept: 'application/json', authorization: `Bearer ${credential}` }
      const request = client.get(url, { headers, timeout: limitMs }, (response) => {
        let body = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          body += chunk
          if (body.length > ANSWER_BYTES_MAX) request.destroy()
        })
        response.on('end', () => resolve(response.statusCode === 200 ? body : null))
        response.on('error', () => resolve(null))
      })
      request.on('timeout', () => request.destroy())
      request.on('error', () => resolve(null))
      request.on('close', () => resolve(null))
    } catch {
      resolve(null) // not a URL, or a header that cannot be
    }
  })
}
