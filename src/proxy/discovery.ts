/**
 * The HTTP side of a browser's DevTools port: clients look here for the address they are to dial, so what the browser says about
 * itself is handed on with our address in the place of its own.
 */
import { fetchFromBrowser } from './fetch-from-browser.ts'
import { rewriteAddresses } from './rewrite-addresses.ts'

export interface DiscoveryRequest {
  readonly method: string
  /** Path and query, without our token. */
  readonly target: string
  readonly host: string
  /** The token that came in the query: it goes into the addresses we give. */
  readonly token: string | null
}

export interface DiscoveryReply {
  readonly status: number
  readonly type: string
  readonly body: Buffer
}

/** Path, without its last slash, to the methods that Chromium takes there. `/json/` is no path of Chromium's, but clients ask for it. */
const ROUTES: { readonly [path: string]: readonly string[] } = {
  '/json': ['GET'],
  '/json/list': ['GET'],
  '/json/version': ['GET'],
  '/json/protocol': ['GET'],
  '/json/new': ['PUT'],
  '/json/activate': ['GET'],
  '/json/close': ['GET'],
}

/** `upstream`: the browser's address as it is known now. Never rejects: 404, 405, 503 without a browser, 502 if it does not answer. */
export async function answerDiscovery(
  request: DiscoveryRequest,
  upstream: string | undefined,
): Promise<DiscoveryReply> {
  const route = routeOf(request.target)
  if (route === null) return text(404, 'no such path; a browser is found at /json/version, and dialled by websocket')
  if (!route.methods.includes(request.method)) return text(405, `${route.path} wants ${route.methods.join(', ')}`)
  if (upstream === undefined) return text(503, 'there is no browser yet')
  const answer = await fetchFromBrowser(addressOf(upstream), request.method, route.target)
  if (answer.kind === 'unreachable') return text(502, `the browser does not answer (${answer.reason})`)
  const { status, type, body } = answer
  if (status !== 200 || !type.startsWith('application/json')) return { status, type, body }
  try {
    const said: unknown = JSON.parse(body.toString('utf8'))
    const ours = JSON.stringify(rewriteAddresses(said, request), null, 2)
    return { status, type, body: Buffer.from(`${ours}\n`) }
  } catch {
    return text(502, 'the browser answered with something that is no JSON')
  }
}

/** `ws://[::1]:9222/devtools/browser/<id>` → host without brackets, and port. */
function addressOf(url: string): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(url)
  const host = hostname.replace(/^\[|\]$/g, '')
  return { host, port: Number(port) || 80 }
}

/** The browser gets the path as we have it in our table: what was asked with a slash at its end is asked without. */
function routeOf(target: string): { path: string; target: string; methods: readonly string[] } | null {
  const match = /^(\/json(?:\/[a-z]+)?)(\/[\w-]*)?(\?.*)?$/.exec(target)
  const [, path = '', id = '', query = ''] = match ?? []
  const methods = Object.hasOwn(ROUTES, path) ? ROUTES[path] : undefined
  if (methods === undefined) return null
  const hasId = id.length > 1
  const wantsId = path === '/json/activate' || path === '/json/close'
  if (hasId !== wantsId) return null
  return { path, target: `${path}${hasId ? id : ''}${query}`, methods }
}

function text(status: number, said: string): DiscoveryReply {
  return { status, type: 'text/plain; charset=utf-8', body: Buffer.from(`afterword proxy: ${said}\n`) }
}
