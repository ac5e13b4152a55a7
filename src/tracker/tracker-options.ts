/** What an author may say, and what becomes of it (resolve-options.ts). */
import type { PropertyDefinitions, PropertyTypes } from '../events/host-properties.ts'

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
