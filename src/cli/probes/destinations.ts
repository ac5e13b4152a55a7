/** Where events go, and what can be said of an address and a key by looking at them. Pure. */
import type { Backoff } from '../../reporter/backoff.ts'
import { resolveProxy, type Environment } from '../../reporter/proxy-tunnel.ts'
import type { Destination } from '../../reporter/reporter-task.ts'
import { type Probe, probe } from './probe.ts'

/** More are not asked: nobody sends to so many. */
const DESTINATIONS_MAX = 3

/** What was said on the command line; else those of what waits, of the back-off and of the last reporter. */
export function resolveDestinations(
  given: Partial<Destination>,
  known: {
    readonly waiting: readonly { readonly host: string; readonly api_key: string }[]
    readonly backoff: Backoff
    readonly lastReporter: { readonly [key: string]: unknown } | null
  },
): readonly Destination[] {
  const { host, api_key } = known.lastReporter ?? {}
  const all: readonly Destination[] = [
    ...known.waiting.toReversed().map((each) => ({ host: each.host, apiKey: each.api_key })),
    ...Object.keys(known.backoff).map((key) => ({ host: key.split(' ')[0] ?? '', apiKey: key.split(' ')[1] ?? '' })),
    ...(typeof host === 'string' && typeof api_key === 'string' ? [{ host, apiKey: api_key }] : []),
  ].map((each) => ({ host: each.host.trim().replace(/\/+$/, ''), apiKey: each.apiKey.trim() }))
  const newest = all[0]?.apiKey ?? ''
  const wanted =
    given.host === undefined ? all : [{ host: given.host.trim().replace(/\/+$/, ''), apiKey: given.apiKey ?? newest }]
  const unique = new Map(wanted.filter(({ host }) => host !== '').map((each) => [`${each.host} ${each.apiKey}`, each]))
  return [...unique.values()].slice(0, DESTINATIONS_MAX)
}

const CLOUD = { 'us.i.posthog.com': 'US cloud', 'eu.i.posthog.com': 'EU cloud' } as const
/** Where people look at events, taken for where they are sent. */
const MISTAKEN: { readonly [host: string]: string } = {
  'app.posthog.com': 'us.i.posthog.com',
  'us.posthog.com': 'us.i.posthog.com',
  'eu.posthog.com': 'eu.i.posthog.com',
}

export function judgeRegion(host: string): Probe {
  const name = 'region'
  if (!URL.canParse(host))
    return probe(name, 'FAIL', `${host} is no address; it wants one such as https://eu.i.posthog.com`)
  const { hostname, protocol } = new URL(host)
  if (protocol !== 'https:' && protocol !== 'http:') return probe(name, 'FAIL', `${host} wants https:// or http://`)
  const meant = MISTAKEN[hostname]
  if (meant !== undefined)
    return probe(name, 'WARN', `${hostname} is where people look at events; they are sent to https://${meant}`)
  if (hostname in CLOUD) {
    const region = CLOUD[hostname as keyof typeof CLOUD]
    return protocol === 'https:'
      ? probe(name, 'PASS', `${hostname}: ${region}. A key of the other region is not refused, its events are dropped.`)
      : probe(name, 'WARN', `${hostname}: ${region}, but over http, which anybody on the way can read`)
  }
  if (hostname === 'posthog.com' || hostname.endsWith('.posthog.com'))
    return probe(name, 'WARN', `${hostname} is none of us.i.posthog.com and eu.i.posthog.com`)
  return probe(name, 'n/a', `${hostname} is not PostHog's cloud`)
}

/** Never shows more of a key than says which one it is, and of a secret one only its kind. */
export function judgeKey(apiKey: string): Probe {
  const name = 'key'
  const prefix = /^ph[a-z]_/.exec(apiKey)?.[0]
  if (apiKey === '') return probe(name, 'FAIL', 'there is none: events are refused')
  if (prefix === 'phx_')
    return probe(name, 'FAIL', 'phx_… is a personal key, a secret: revoke it, and use the project key (phc_…)')
  if (prefix !== undefined && prefix !== 'phc_')
    return probe(name, 'FAIL', `${prefix}… is not a project key; it wants phc_…`)
  if (!/^[\x21-\x7e]{1,64}$/.test(apiKey))
    return probe(name, 'FAIL', 'longer than 64 characters, or not of plain characters: PostHog refuses it')
  const shown = apiKey.length > 12 ? `${apiKey.slice(0, 9)}…` : apiKey
  return prefix === 'phc_'
    ? probe(name, 'PASS', `${shown} has the shape of a project key`)
    : probe(name, 'WARN', `${shown} has not the shape of PostHog's project keys (phc_…)`)
}

/** Credentials of a proxy are not shown. */
export function judgeProxy(host: string, env: Environment): Probe {
  const name = 'proxy'
  if (!URL.canParse(host)) return probe(name, 'n/a', 'no address')
  try {
    const proxy = resolveProxy(new URL(host), env)
    if (proxy === null) return probe(name, 'n/a', 'none: straight')
    return probe(name, 'PASS', `through ${proxy.protocol}//${proxy.host}, as the environment says`)
  } catch (error) {
    const code = (error as { readonly code?: string }).code ?? 'unknown'
    const why = code === 'PROXY_UNSUPPORTED' ? 'is of a kind that cannot be used (SOCKS?)' : 'is no address'
    return probe(name, 'FAIL', `the one that the environment names ${why}, and nobody goes around it`)
  }
}
