/**
 * What the host's credential says of the stored link when a command begins, and the look-up that may be due. Built into a file of its
 * own: only a host that gives a credential, or may be asked who is there, loads it. Nothing here waits; the packages are loaded only for
 * a sign-out made elsewhere.
 */
import { decideAtBegin } from '../identity/decide-at-begin.ts'
import type { Identity } from '../identity/identity.ts'
import { newAnonId } from '../identity/identity-file.ts'
import { isRetryWaiting, isSameCredential, NO_PRINCIPAL_FILE, readPrincipalFile } from '../identity/principal-file.ts'
import type { CommandLayout } from '../spool/spool-layout.ts'
import { lookUpFile } from './child-files.ts'
import { readCredential } from './host-credential.ts'
import type { IdentityAtBegin } from './identity-at-begin.ts'
import { loadRarePaths } from './load-parts.ts'
import type { TrackerSettings } from './tracker-options.ts'

export function askAtBegin(settings: TrackerSettings, layout: CommandLayout, asIs: IdentityAtBegin): IdentityAtBegin {
  const { identity } = asIs
  const credential = readCredential(settings)
  const principalFile =
    identity.linked_principal_id === null || credential.kind === 'text'
      ? readPrincipalFile(layout.principal)
      : NO_PRINCIPAL_FILE
  const due = decideAtBegin({
    linked: identity.linked_principal_id !== null,
    canAsk: settings.principal !== null,
    credential: credential.kind,
    sameCredential: () =>
      credential.kind === 'text' && isSameCredential(credential.text, principalFile.credential_hash),
    retryWaiting: isRetryWaiting(principalFile, Date.now()),
  })
  if (due === 'sign-out') return signedOutElsewhere(settings, layout, identity)
  if (due === 'nothing' || settings.principal === null) return asIs
  const isTooSoon = (text: string): boolean =>
    isRetryWaiting(principalFile, Date.now()) && isSameCredential(text, principalFile.credential_hash)
  const lookUp = loadRarePaths()?.startLookUp(settings.principal, lookUpFile(), { isTooSoon }) ?? null
  const inDoubt = identity.linked_principal_id !== null
  const fresh = inDoubt ? newAnonId() : null
  const distinct = fresh === null ? asIs.distinct : { distinctId: fresh, isAnon: true }
  return { identity, distinct, credential: credential.kind === 'text' ? credential.text : null, fresh, lookUp }
}

/** The host's credential is gone: a logout that we were not told of, before this command's event. */
function signedOutElsewhere(settings: TrackerSettings, layout: CommandLayout, identity: Identity): IdentityAtBegin {
  const fresh = newAnonId()
  const now = loadRarePaths()?.signOutElsewhere(settings, layout, identity, fresh) ?? {
    anon_id: fresh,
    linked_principal_id: null,
  }
  return { identity: now, distinct: { distinctId: fresh, isAnon: true }, credential: null, fresh: null, lookUp: null }
}
export { version } from '../version.ts'
