/** Who is there when a command begins. Nothing here waits; the packages are loaded only for damage and for a sign-out made elsewhere. */
import { decideAtBegin } from '../identity/decide-at-begin.ts'
import { type AnonId, type DistinctId, type Identity, resolveDistinctId } from '../identity/identity.ts'
import { newAnonId, readIdentity } from '../identity/identity-file.ts'
import { isRetryWaiting, isSameCredential, NO_PRINCIPAL_FILE, readPrincipalFile } from '../identity/principal-file.ts'
import type { SpoolLayout } from '../spool/spool-layout.ts'
import { lookUpFile } from './child-files.ts'
import { loadRarePaths } from './load-rare.ts'
import type { LookUp } from './look-up.ts'
import type { TrackerSettings } from './tracker-options.ts'

export interface IdentityAtBegin {
  /** As on disk. */
  readonly identity: Identity
  /** Who the command is booked to if nothing more becomes known. */
  readonly distinct: DistinctId
  /** The host's credential then; null: none, or not told. */
  readonly credential: string | null
  /** The id a rotation at the end would take: the begin record already carries it when the link is in doubt. */
  readonly fresh: AnonId | null
  readonly lookUp: LookUp | null
}

export interface NoIdentity {
  readonly kind: 'none'
  readonly reason: string
}

export function identityAtBegin(
  settings: TrackerSettings,
  layout: SpoolLayout,
  act: 'login' | 'logout' | null,
): IdentityAtBegin | NoIdentity {
  const file = readIdentity(layout.usage)
  const opened = file.kind === 'identity' ? file.identity : firstIdentity(settings, layout)
  if ('kind' in opened) return opened
  const asIs = { identity: opened, distinct: resolveDistinctId(opened), credential: null, fresh: null, lookUp: null }
  // Login and logout say themselves what happens; nobody to ask means nobody to link.
  if (act !== null || (settings.principal === null && settings.credential === null)) return asIs
  const credential = readCredential(settings)
  const principalFile =
    opened.linked_principal_id === null || credential.kind === 'text'
      ? readPrincipalFile(layout.principal)
      : NO_PRINCIPAL_FILE
  const due = decideAtBegin({
    linked: opened.linked_principal_id !== null,
    canAsk: settings.principal !== null,
    credential: credential.kind,
    sameCredential: () =>
      credential.kind === 'text' && isSameCredential(credential.text, principalFile.credential_hash),
    retryWaiting: isRetryWaiting(principalFile, Date.now()),
  })
  if (due === 'sign-out') return signedOutElsewhere(settings, layout, opened)
  if (due === 'nothing' || settings.principal === null) return asIs
  const isTooSoon = (text: string): boolean =>
    isRetryWaiting(principalFile, Date.now()) && isSameCredential(text, principalFile.credential_hash)
  const lookUp = loadRarePaths()?.startLookUp(settings.principal, lookUpFile(), { isTooSoon }) ?? null
  const inDoubt = opened.linked_principal_id !== null
  const fresh = inDoubt ? newAnonId() : null
  const distinct = fresh === null ? asIs.distinct : { distinctId: fresh, isAnon: true }
  return { identity: opened, distinct, credential: credential.kind === 'text' ? credential.text : null, fresh, lookUp }
}

export type CredentialNow =
  | { readonly kind: 'not-told' }
  | { readonly kind: 'none' }
  | { readonly kind: 'text'; readonly text: string }

/** A host function that throws or answers with something else has told nothing. */
export function readCredential(settings: TrackerSettings): CredentialNow {
  if (settings.credential === null) return { kind: 'not-told' }
  try {
    const value: unknown = settings.credential()
    if (value === null || value === undefined || value === '') return { kind: 'none' }
    return typeof value === 'string' ? { kind: 'text', text: value } : { kind: 'not-told' }
  } catch {
    return { kind: 'not-told' }
  }
}

function firstIdentity(settings: TrackerSettings, layout: SpoolLayout): Identity | NoIdentity {
  return loadRarePaths()?.firstIdentity(settings, layout) ?? { kind: 'none', reason: 'not-built' }
}

/** The host's credential is gone: a logout that we were not told of, before this command's event. */
function signedOutElsewhere(settings: TrackerSettings, layout: SpoolLayout, identity: Identity): IdentityAtBegin {
  const fresh = newAnonId()
  const now = loadRarePaths()?.signOutElsewhere(settings, layout, identity, fresh) ?? {
    anon_id: fresh,
    linked_principal_id: null,
  }
  return { identity: now, distinct: { distinctId: fresh, isAnon: true }, credential: null, fresh: null, lookUp: null }
}
