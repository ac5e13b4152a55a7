import { isIPv6 } from 'node:net'
import type { Attribution, EventSink } from '../events/event-sink.ts'
import { isLoopbackAddress } from './admission.ts'
import { SESSION_DEFAULTS } from './cdp-session.ts'
import type { BrowserAddress } from './fetch-from-browser.ts'
import type { LivenessSettings } from './liveness-probe.ts'

export interface CdpProxyOptions {
  /** `HOST:PORT` of a browser's DevTools port. It is asked for its address, again and again. One of three. */
  readonly upstream?: string
  /** Chromium's log (`--enable-logging=stderr 2> FILE`): its address is read there, whatever port a later browser takes. One of three. */
  readonly chromiumLog?: string
  /** The browser's user data directory: its address is read in its `DevToolsActivePort`. One of three. */
  readonly profile?: string
  /** `HOST:PORT`, `[::1]:PORT`; port 0 takes any free one. Other than loopback only with a token. @default '127.0.0.1:0' */
  readonly listen?: string
  /** What every request must carry (`?token=`, or `Authorization: Bearer`). @default null: none */
  readonly token?: string | null
  /** Told `cdp_connect` and `cdp_disconnect`. What it throws is counted, and no business of the session. @default nobody is told */
  readonly sink?: EventSink
  /** To whom a session that begins now is booked; kept until its end. What it throws is counted, as with the sink. @default null: to nobody */
  readonly attribution?: () => Attribution | null
  /** Told what is wrong and can wait, such as a log that cannot be read. @default nobody is told */
  readonly complain?: (why: string) => void
  /** How long after the browser's end a new address makes it a restart, in milliseconds. @default 10000 */
  readonly restartConfirmWaitMs?: number
  /** How long a browser that does not answer is dialled again, in milliseconds. @default 5000 */
  readonly dialTimeoutMs?: number
  /** Asks the browser beside each session; so many misses in a row end it as `upstream_unresponsive`. @default null: never */
  readonly liveness?: LivenessSettings | null
}

export type UpstreamSource =
  | ({ readonly kind: 'port' } & BrowserAddress)
  | { readonly kind: 'log'; readonly file: string }
  | { readonly kind: 'profile'; readonly profile: string }

export interface CdpProxySettings {
  readonly source: UpstreamSource
  readonly host: string
  readonly port: number
  /** Bound to loopback: then only loopback names are accepted in the Host header. */
  readonly loopback: boolean
  readonly token: string | null
  readonly sink: EventSink
  readonly attribution: () => Attribution | null
  readonly complain: (why: string) => void
  readonly restartConfirmWaitMs: number
  readonly dialTimeoutMs: number
  readonly liveness: LivenessSettings | null
}

const LIVENESS = ['intervalMs', 'timeoutMs', 'misses'] as const satisfies (keyof LivenessSettings)[]

const KNOWN: ReadonlySet<string> = new Set([
  'upstream',
  'chromiumLog',
  'profile',
  'listen',
  'token',
  'sink',
  'attribution',
  'complain',
  'restartConfirmWaitMs',
  'dialTimeoutMs',
  'liveness',
] satisfies (keyof CdpProxyOptions)[])

/** Fills in the defaults. Throws TypeError for an unknown or malformed option, and for an open address without a token. */
export function cdpProxySettings(options: CdpProxyOptions): CdpProxySettings {
  for (const key of Object.keys(options)) {
    if (!KNOWN.has(key))
      throw new TypeError(`proxy options: got unknown option ${JSON.stringify(key)}, wants ${[...KNOWN].join(', ')}`)
  }
  const { token = null, liveness = null } = options
  const { restartConfirmWaitMs, dialTimeoutMs } = { ...SESSION_DEFAULTS, ...options }
  if (token !== null && (typeof token !== 'string' || !/^[\x21-\x7e]{8,256}$/.test(token)))
    throw new TypeError(
      'proxy option token: got one that is short or has odd characters, wants 8 to 256 of printable ASCII',
    )
  const { host, port } = parseAddress('listen', options.listen ?? '127.0.0.1:0', 0)
  const loopback = isLoopbackAddress(host)
  if (!loopback && token === null)
    throw new TypeError(
      `proxy option listen: got ${JSON.stringify(options.listen)}, which others can reach, wants a token with it: who reaches a browser reads its cookies and files`,
    )
  wantsDuration('restartConfirmWaitMs', restartConfirmWaitMs)
  wantsDuration('dialTimeoutMs', dialTimeoutMs)
  for (const name of LIVENESS) if (liveness !== null) wantsDuration(`liveness.${name}`, liveness[name])
  return {
    source: sourceOf(options),
    host,
    port,
    loopback,
    token,
    sink: wantsFunction('sink', options.sink) ?? (() => undefined),
    attribution: wantsFunction('attribution', options.attribution) ?? (() => null),
    complain: wantsFunction('complain', options.complain) ?? (() => undefined),
    restartConfirmWaitMs,
    dialTimeoutMs,
    liveness,
  }
}

function sourceOf({ upstream, chromiumLog, profile }: CdpProxyOptions): UpstreamSource {
  const given = [upstream, chromiumLog, profile].filter((each) => each !== undefined)
  if (given.length !== 1 || typeof given[0] !== 'string' || given[0] === '')
    throw new TypeError(
      `proxy options: got ${given.length} of upstream, chromiumLog and profile, wants exactly one, a string`,
    )
  if (chromiumLog !== undefined) return { kind: 'log', file: chromiumLog }
  if (profile !== undefined) return { kind: 'profile', profile }
  return { kind: 'port', ...parseAddress('upstream', upstream ?? '', 1) }
}

function parseAddress(name: string, text: string, portMin: number): BrowserAddress {
  const match = typeof text === 'string' ? /^(?:\[([^\]]+)\]|([\w.-]+)):(\d{1,5})$/.exec(text) : null
  const port = Number(match?.[3])
  if (!match || port > 65_535 || port < portMin || (match[1] !== undefined && !isIPv6(match[1])))
    throw new TypeError(`proxy option ${name}: got ${JSON.stringify(text)}, wants HOST:PORT, such as 127.0.0.1:9222`)
  const host = match[1] ?? match[2] ?? ''
  // Not left to the resolver: /etc/hosts may say anything.
  return { host: host.toLowerCase() === 'localhost' ? '127.0.0.1' : host, port }
}

function wantsDuration(name: string, value: number): void {
  if (!Number.isFinite(value) || value <= 0)
    throw new TypeError(`proxy option ${name}: got ${JSON.stringify(value)}, wants a number above 0`)
}

function wantsFunction<T>(name: string, value: T): T {
  if (value !== undefined && typeof value !== 'function')
    throw new TypeError(`proxy option ${name}: got ${typeof value}, wants a function`)
  return value
}
