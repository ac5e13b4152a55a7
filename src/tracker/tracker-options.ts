/** What an author may say, and what becomes of it: the defaults, and the look that most options pass. Only here does the host throw. */
import { isLetterOrDigit, isMadeOf } from '../events/characters.ts'
import type { PropertyDefinitions, PropertyTypes } from '../events/host-properties.ts'
import { defaultDirectory } from '../platform/own-directory.ts'
import { loadRarePaths } from './load-rare.ts'

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

/** @throws TypeError or RangeError: "new CommandTracker: what it got, what it wants" (check-tracker-options.ts). */
export function resolveTrackerOptions(options: TrackerOptions): TrackerSettings {
  const { app, version, posthog, directory, principal, credential, properties, ...defaulted } = options ?? NONE
  const { ci = 'off', notice = false, errorMessages = 'redacted', exceptions = false, ...unknown } = defaulted
  const { apiKey, host } = posthog ?? {}
  const authority = typeof host === 'string' ? host.slice(host.startsWith('https://') ? 8 : 7) : ''
  // True for what hosts nearly always say; never for what is wrong. False is no verdict.
  const isPlainlyRight =
    isWord(app, '._-', 64) &&
    isLetterOrDigit(app.charAt(0)) &&
    isText(version) &&
    isWord(apiKey, '_-', 64) &&
    !apiKey.startsWith('phx_') &&
    isWord(authority, '.:-_/', 256) &&
    !authority.startsWith('/') &&
    (host === `https://${authority}` || host === `http://${authority}`) &&
    (directory === undefined || (isText(directory) && directory.startsWith('/'))) &&
    (principal === undefined || typeof principal === 'function') &&
    (credential === undefined || typeof credential === 'function') &&
    (properties === undefined || typeof properties?.types === 'object') &&
    (ci === 'off' || ci === 'inline' || ci === 'detached') &&
    (notice === false || isText(notice?.url)) &&
    (errorMessages === 'redacted' || errorMessages === 'omit') &&
    typeof exceptions === 'boolean' &&
    Object.keys(unknown).length === 0
  if (!isPlainlyRight) loadRarePaths()?.checkTrackerOptions(options)
  return {
    app,
    version,
    destination: { apiKey: posthog.apiKey, host: withoutSlashes(posthog.host, '/', 0) },
    directory: directory === undefined ? defaultDirectory(app) : withoutSlashes(directory, '/\\', 1),
    principal: typeof principal === 'object' ? () => principal : (principal ?? null),
    credential: credential ?? null,
    properties,
    ci,
    notice: notice || null,
    errorMessages,
    exceptions,
  }
}

const NONE = {} as TrackerOptions

function isWord(value: unknown, others: string, max: number): value is string {
  return typeof value === 'string' && isMadeOf(value, others, max)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

/** `least`: how many characters are left whatever they are. */
function withoutSlashes(text: string, slashes: string, least: number): string {
  let end = text.length
  while (end > least && slashes.includes(text.charAt(end - 1))) end -= 1
  return text.slice(0, end)
}
