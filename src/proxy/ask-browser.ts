import { get } from 'node:http'

/** Longer answers are nobody's list of targets. */
const LONGEST_ANSWER_BYTES = 4 * 2 ** 20

/** What the DevTools HTTP server says: JSON, or in what manner it says nothing. */
export type BrowserSays =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'refused' }
  | { readonly kind: 'silent' }

/** `GET` of a DevTools path at the host of `browserUrl`, on a connection of its own, for at most `timeoutMs`. Never rejects. */
export function askBrowser(
  browserUrl: string,
  path: '/json/version' | '/json/list',
  timeoutMs: number,
  signal: AbortSignal,
): Promise<BrowserSays> {
  return new Promise((resolve) => {
    const settle = (says: BrowserSays): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', stopped)
      resolve(says)
      request.destroy()
    }
    const stopped = (): void => settle({ kind: 'silent' })
    const { hostname, port } = new URL(browserUrl)
    const request = get({ host: hostname.replace(/^\[|\]$/g, ''), port, path, agent: false }, (response) => {
      const chunks: Buffer[] = []
      let bytes = 0
      response.on('error', () => settle({ kind: 'refused' }))
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes > LONGEST_ANSWER_BYTES) settle({ kind: 'refused' })
        else chunks.push(chunk)
      })
      response.on('end', () => settle(parse(response.statusCode, Buffer.concat(chunks).toString())))
    })
    request.on('error', () => settle({ kind: 'refused' }))
    const timer = setTimeout(stopped, timeoutMs)
    signal.addEventListener('abort', stopped, { once: true })
    if (signal.aborted) stopped()
  })
}

/** The path of the browser's own address in its answer to `/json/version`: it holds the id, and is new after a restart. */
export function browserPathIn(says: BrowserSays): string | undefined {
  const url = says.kind === 'json' ? Object(says.value).webSocketDebuggerUrl : undefined
  return typeof url === 'string' && URL.canParse(url) ? new URL(url).pathname : undefined
}

/** Whether the answer to `/json/list` has a target that is reached under this path. `undefined` when it is no list. */
export function listsTarget(says: BrowserSays, path: string): boolean | undefined {
  if (says.kind !== 'json' || !Array.isArray(says.value)) return undefined
  const id = path.split('/').at(-1)
  return says.value.some((target: unknown) => Object(target).id === id)
}

function parse(status: number | undefined, text: string): BrowserSays {
  if (status !== 200) return { kind: 'refused' }
  try {
    return { kind: 'json', value: JSON.parse(text) as unknown }
  } catch {
    return { kind: 'refused' }
  }
}
