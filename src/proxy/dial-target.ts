/** Where a client's request leads, and what is dialled for it. */
export interface DialTarget {
  readonly kind: 'browser' | 'page'
  readonly host: string
  readonly port: number
  /** Path of the request line; never the client's query, which is for the proxy. */
  readonly path: string
}

/**
 * A page (or a worker, or anything but the browser) is reached under the client's own path. Everything else means the browser,
 * under its present id: a client that kept the id of the browser before still gets one.
 *
 * @param browserUrl `ws://HOST:PORT/devtools/browser/<id>`, the current upstream; throws TypeError when it is no address
 */
export function resolveDialTarget(requestPath: string, browserUrl: string): DialTarget {
  const browser = new URL(browserUrl)
  const path = requestPath.split('?', 1)[0] ?? ''
  const page = /^\/devtools\/(?!browser(\/|$))[\w-]+\/[\w.-]+$/.test(path)
  return {
    kind: page ? 'page' : 'browser',
    host: browser.hostname.replace(/^\[|\]$/g, ''),
    port: Number(browser.port === '' ? 80 : browser.port),
    path: page ? path : browser.pathname,
  }
}
