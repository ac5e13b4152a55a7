/** What an author may say, and what becomes of it: defaults and checks in one place. The only place in the host that throws. */
import type { PropertyDefinitions, PropertyTypes } from '../events/host-properties.ts'
import { defaultDirectory } from '../platform/state-directory.ts'

/** `{ url, credential, read }`: the look-up is made by a child process that is killed when its time is up. */
export interface PrincipalLookUp {
  /** Asked with `GET` and `Authorization: Bearer <credential>`. */
  readonly url: string
  /** Null: nobody is signed in, nothing is asked. */
  readonly credential: string | null | (() => string | null)
  /** Finds the id in the parsed JSON answer. @default data.principal_id */
  readonly read?: (body: unknown) => unknown
}

export type PrincipalAnswer = string | null | undefined | PrincipalLookUp
export type PrincipalSource = (context: { readonly signal: AbortSignal }) => PrincipalAnswer | Promise<PrincipalAnswer>

export interface TrackerOptions<T extends PropertyTypes = PropertyTypes> {
  /** Names the environment variable (`ACME_USAGE_TRACKING`) and the directory (`~/.acme`). */
  readonly app: string
  /** The CLI's own version, sent as `cli_version`. */
  readonly version: string
  /** `host` is PostHog, a proxy of yours, or `afterword collect`. */
  readonly posthog: { readonly apiKey: string; readonly host: string }
  /** @default ~/.<app> */
  readonly directory?: string
  /** Who is signed in. Only a login waits for it, 2 s in all. @default nobody can be told apart */
  readonly principal?: PrincipalSource | PrincipalLookUp
  /** The host's credential text, synchronous; only a salted hash is kept. It shows sign-ins and sign-outs made elsewhere. */
  readonly credential?: () => string | null | undefined
  /** What the host may `add`, by type. @default nothing */
  readonly properties?: PropertyDefinitions<T>
  /** What to do where `CI` is seen. @default 'off' */
  readonly ci?: 'off' | 'inline' | 'detached'
  /** A first-run notice with this address; nothing is sent before it was shown. @default false, the host shows its own */
  readonly notice?: false | { readonly url: string }
  /** @default 'redacted' */
  readonly errorMessages?: 'redacted' | 'omit'
  /** Also send failed commands as `$exception`. @default false */
  readonly exceptions?: boolean
}

export interface TrackerSettings {
  readonly app: string
  readonly version: string
  readonly destination: { readonly apiKey: string; readonly host: string }
  /** Null: no option, no HOME and no passwd entry. */
  readonly directory: string | null
  readonly principal: PrincipalSource | null
  readonly credential: (() => string | null | undefined) | null
  readonly properties: PropertyDefinitions | undefined
  readonly ci: 'off' | 'inline' | 'detached'
  readonly notice: { readonly url: string } | null
  readonly errorMessages: 'redacted' | 'omit'
  readonly exceptions: boolean
}

const KNOWN: { readonly [K in keyof Required<TrackerOptions>]: true } = {
  app: true,
  version: true,
  posthog: true,
  directory: true,
  principal: true,
  credential: true,
  properties: true,
  ci: true,
  notice: true,
  errorMessages: true,
  exceptions: true,
}

/** @throws TypeError or RangeError: "new CommandTracker: what it got, what it wants". */
export function resolveTrackerOptions(options: TrackerOptions): TrackerSettings {
  if (typeof options !== 'object' || options === null) throw new TypeError(wrong('options', options, 'an object'))
  for (const key of Object.keys(options))
    if (!Object.hasOwn(KNOWN, key)) throw new TypeError(`new CommandTracker: there is no option '${key}'`)
  const {
    app,
    version,
    posthog,
    directory,
    principal,
    credential,
    ci = 'off',
    notice = false,
    errorMessages = 'redacted',
    exceptions = false,
    properties,
  } = options
  if (typeof app !== 'string' || !/^[A-Za-z0-9][\w.-]{0,63}$/.test(app))
    throw new TypeError(wrong('app', app, 'a short name of letters, digits, dots and dashes'))
  if (typeof version !== 'string' || version === '') throw new TypeError(wrong('version', version, "the CLI's version"))
  oneOfThese('ci', ci, ['off', 'inline', 'detached'])
  oneOfThese('errorMessages', errorMessages, ['redacted', 'omit'])
  if (directory !== undefined && (typeof directory !== 'string' || !/^([/\\]|[A-Za-z]:)/.test(directory)))
    throw new TypeError(wrong('directory', directory, 'an absolute path'))
  if (credential !== undefined && typeof credential !== 'function')
    throw new TypeError(wrong('credential', typeof credential, 'a function that returns the text or null'))
  if (notice !== false && (typeof notice !== 'object' || notice === null || typeof notice.url !== 'string'))
    throw new TypeError(wrong('notice', notice, 'false or { url }'))
  if (typeof exceptions !== 'boolean') throw new TypeError(wrong('exceptions', exceptions, 'true or false'))
  if (properties !== undefined && typeof properties?.types !== 'object')
    throw new TypeError(wrong('properties', typeof properties, 'what defineProperties({ … }) returns'))
  return {
    app,
    version,
    destination: checkDestination(posthog),
    directory: directory?.replace(/(?<=.)[/\\]+$/, '') ?? defaultDirectory(app),
    principal: principalSource(principal),
    credential: credential ?? null,
    properties,
    ci,
    notice: notice === false ? null : notice,
    errorMessages,
    exceptions,
  }
}

function checkDestination(posthog: unknown): TrackerSettings['destination'] {
  const { apiKey, host } = (posthog ?? {}) as { apiKey?: unknown; host?: unknown }
  // A personal key (phx_) can read a whole project; it must never be shipped inside a CLI.
  if (typeof apiKey !== 'string' || !/^[\x21-\x7e]{1,64}$/.test(apiKey) || apiKey.startsWith('phx_'))
    throw new TypeError(
      wrong('posthog.apiKey', typeof apiKey === 'string' ? `${apiKey.slice(0, 4)}…` : apiKey, 'a project key (phc_…)'),
    )
  if (typeof host !== 'string' || !/^https?:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/.test(host))
    throw new TypeError(wrong('posthog.host', host, 'an address such as https://eu.i.posthog.com'))
  return { apiKey, host: host.replace(/\/+$/, '') }
}

function principalSource(principal: TrackerOptions['principal']): PrincipalSource | null {
  if (principal === undefined) return null
  if (typeof principal === 'function') return principal
  if (typeof principal === 'object' && principal !== null && typeof principal.url === 'string') return () => principal
  throw new TypeError(wrong('principal', typeof principal, 'a function, or { url, credential, read }'))
}

function oneOfThese(name: string, value: unknown, wanted: readonly string[]): void {
  if (!wanted.includes(value as string))
    throw new RangeError(wrong(name, value, wanted.map((each) => `'${each}'`).join(', ')))
}

function wrong(name: string, got: unknown, wants: string): string {
  return `new CommandTracker: ${name} is ${typeof got === 'string' ? `'${got}'` : String(got)}, wants ${wants}`
}
