/**
 * The browser's answers name the browser's address; a client that followed it would pass us by. Every address of the browser in
 * them becomes ours, with the token the client came with.
 */

export interface OurAddress {
  /** The Host header of the request, `127.0.0.1:9333`, `[::1]:9333`: where this client reaches us. */
  readonly host: string
  /** Goes into rewritten addresses; null: nothing does. */
  readonly token: string | null
}

/** Pure. Rewrites `webSocketDebuggerUrl` and the `ws=` of `devtoolsFrontendUrl`, however deep; everything else stays. */
export function rewriteAddresses(value: unknown, ours: OurAddress): unknown {
  if (Array.isArray(value)) return value.map((each) => rewriteAddresses(each, ours))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      if (typeof member !== 'string') return [name, rewriteAddresses(member, ours)]
      if (name === 'webSocketDebuggerUrl') return [name, socketUrl(member, ours)]
      return [name, name === 'devtoolsFrontendUrl' ? frontendUrl(member, ours) : member]
    }),
  )
}

function socketUrl(url: string, ours: OurAddress): string {
  const path = /^wss?:\/\/[^/]+(\/.*)$/.exec(url)?.[1]
  return path === undefined ? url : `ws://${ours.host}${withToken(path, ours.token)}`
}

/** `/devtools/inspector.html?ws=127.0.0.1:9222/devtools/page/ID`, or the same page elsewhere on the web. */
function frontendUrl(url: string, ours: OurAddress): string {
  return url.replace(/([?&]ws=)[^/&]+(\/[^&]*)/, (_, key: string, path: string) => {
    const query = ours.token === null ? '' : encodeURIComponent(`?token=${encodeURIComponent(ours.token)}`)
    return `${key}${ours.host}${path}${query}`
  })
}

function withToken(path: string, token: string | null): string {
  return token === null ? path : `${path}${path.includes('?') ? '&' : '?'}token=${encodeURIComponent(token)}`
}
