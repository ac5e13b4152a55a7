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

const KNOWN =
  ' app version posthog directory principal credential properties ci notice errorMessages exceptions ' as const

/** @throws TypeError or RangeError: "new CommandTracker: what it got, what it wants" (check-tracker-options.ts). */
export function resolveTrackerOptions(options: TrackerOptions): TrackerSettings {
  if (!isPlainlyRight(options)) loadRarePaths()?.checkTrackerOptions(options)
  const { app, version, posthog, directory, principal, credential, notice } = options
  return {
    app,
    version,
    destination: { apiKey: posthog.apiKey, host: withoutSlashes(posthog.host, '/', 0) },
    directory: directory === undefined ? defaultDirectory(app) : withoutSlashes(directory, '/\\', 1),
    principal: typeof principal === 'object' ? () => principal : (principal ?? null),
    credential: credential ?? null,
    properties: options.properties,
    ci: options.ci ?? 'off',
    notice: notice || null,
    errorMessages: options.errorMessages ?? 'redacted',
    exceptions: options.exceptions ?? false,
  }
}

/** True for what hosts nearly always say; never for what is wrong. False is no verdict. */
function isPlainlyRight(options: TrackerOptions | null | undefined): boolean {
  const { app, version, posthog, directory = '/', principal, credential } = options ?? ({} as TrackerOptions)
  const { apiKey, host } = posthog ?? {}
  const authority = isText(host) ? host.slice(host.startsWith('https://') ? 8 : 7) : ''
  return (
    isKnown(options) &&
    isText(app) &&
    isMadeOf(app, '._-', 64) &&
    isLetterOrDigit(app.charAt(0)) &&
    isText(version) &&
    isText(apiKey) &&
    isMadeOf(apiKey, '_-', 64) &&
    !apiKey.startsWith('phx_') &&
    isText(host) &&
    host.startsWith('http') &&
    host.endsWith(`://${authority}`) &&
    isMadeOf(authority, '.:-_/', 256) &&
    !authority.startsWith('/') &&
    isText(directory) &&
    directory.startsWith('/') &&
    (principal === undefined || typeof principal === 'function') &&
    (credential === undefined || typeof credential === 'function') &&
    isRestRight(options)
  )
}

function isKnown(options: object | null | undefined): boolean {
  for (const key of Object.keys(options ?? {})) if (!KNOWN.includes(` ${key} `)) return false
  return true
}

/** What has a default. */
function isRestRight(options: TrackerOptions | null | undefined): boolean {
  const { ci = 'off', notice = false, errorMessages = 'redacted', exceptions = false } = options ?? {}
  return (
    (ci === 'off' || ci === 'inline' || ci === 'detached') &&
    (notice === false || isText(notice?.url)) &&
    (errorMessages === 'redacted' || errorMessages === 'omit') &&
    typeof exceptions === 'boolean' &&
    (options?.properties === undefined || typeof options.properties?.types === 'object')
  )
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
