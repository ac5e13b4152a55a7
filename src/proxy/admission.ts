/**
 * Who may speak to the proxy at all. Decided from the request's head alone, before anything is dialled: whoever reaches a browser's
 * DevTools reads its cookies and files, so a page that somebody looks at must not (Origin, and a name rebound to this machine in
 * Host), nor a neighbour on the network (the token). See docs/SECURITY.md.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { BlockList, isIP } from 'node:net'

/** The headers that are looked at, and the request's target. */
export interface AdmissionFacts {
  readonly host: string | undefined
  readonly origin: string | undefined
  /** `Sec-Fetch-Site`: browsers say it of every request, also of those that carry no Origin, as an image's. */
  readonly fetchSite: string | undefined
  readonly authorization: string | undefined
  /** Path and query, as in the request line. */
  readonly target: string
}

export interface AdmissionSettings {
  /** Bound to loopback: then only loopback names are accepted in the Host header. */
  readonly loopback: boolean
  /** Null: none is asked for. */
  readonly token: string | null
}

export type Admission =
  | { readonly kind: 'admitted'; readonly token: string | null }
  | { readonly kind: 'refused'; readonly status: 403; readonly text: string }

/** Pure. The token is the query's `token` or `Authorization: Bearer`; `token` of an admitted one is that of the query, to be handed on in addresses. */
export function decideAdmission(facts: AdmissionFacts, settings: AdmissionSettings): Admission {
  const { host, origin, fetchSite } = facts
  if (settings.loopback && !isLoopbackHostHeader(host))
    return refused('Host names no address of this machine: use 127.0.0.1, [::1] or localhost')
  if (origin !== undefined && !isOwnOrigin(origin, host)) return refused('a web page may not use this browser (Origin)')
  if (fetchSite !== undefined && fetchSite !== 'none' && fetchSite !== 'same-origin')
    return refused('a web page may not use this browser (Sec-Fetch-Site)')
  const inQuery = tokenOf(facts.target)
  if (settings.token === null) return { kind: 'admitted', token: null }
  const bearer = /^Bearer +(\S+)$/i.exec(facts.authorization ?? '')?.[1]
  const isRight = [inQuery, bearer].some(
    (given) => given !== undefined && given !== null && same(given, settings.token),
  )
  if (!isRight) return refused('wants ?token=… in the address, or Authorization: Bearer …')
  return { kind: 'admitted', token: inQuery }
}

/** The target without our token: what the browser gets to see. Everything else stays as it was. */
export function withoutToken(target: string): string {
  const [path, query] = splitTarget(target)
  if (query === null) return target
  const rest = query.split('&').filter((pair) => !isToken(pair))
  return rest.length === 0 ? path : `${path}?${rest.join('&')}`
}

/** True for 127.0.0.0/8, ::1 and ::ffff:127.…; a name is never one, whatever it resolves to today. */
export function isLoopbackAddress(host: string): boolean {
  const family = isIP(host)
  return family !== 0 && LOOPBACK.check(host, family === 4 ? 'ipv4' : 'ipv6')
}

const LOOPBACK: BlockList = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/** A name of RFC 6761 (localhost and below) or an address of loopback: what DNS cannot point elsewhere. */
function isLoopbackHostHeader(header: string | undefined): boolean {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9.-]+))(?::\d{1,5})?$/i.exec(header ?? '')
  if (!match) return false
  const host = (match[1] ?? match[2] ?? '').toLowerCase()
  return host === 'localhost' || host.endsWith('.localhost') || isLoopbackAddress(host)
}

/** Some clients (Python's websocket-client) name the address they dial as their origin. We serve no page that could be it. */
function isOwnOrigin(origin: string, host: string | undefined): boolean {
  return host !== undefined && (origin === `http://${host}` || origin === `https://${host}`)
}

/** Hashes are compared: of equal length whatever was given, so the time taken says nothing. */
function same(given: string, wanted: string | null): boolean {
  return wanted !== null && timingSafeEqual(digest(given), digest(wanted))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function splitTarget(target: string): readonly [string, string | null] {
  const at = target.indexOf('?')
  return at === -1 ? [target, null] : [target.slice(0, at), target.slice(at + 1)]
}

function tokenOf(target: string): string | null {
  const [, query] = splitTarget(target)
  const pair = query?.split('&').find(isToken)
  if (pair === undefined) return null
  try {
    return decodeURIComponent(pair.slice('token='.length))
  } catch {
    return null // a stray `%`: not a token of ours
  }
}

function isToken(pair: string): boolean {
  return pair.startsWith('token=')
}

function refused(why: string): Admission {
  return { kind: 'refused', status: 403, text: `afterword proxy: ${why}\n` }
}
