/** Who is there when a command begins. Nothing here waits; the packages are loaded only for damage and for a sign-out made elsewhere. */
import { decideAtBegin } from '../identity/decide-at-begin.ts'
import { type AnonId, type DistinctId, type Identity, resolveDistinctId } from '../identity/identity.ts'
import { createIdentity, newAnonId, readIdentity } from '../identity/identity-file.ts'
import {
  encodePrincipalFile,
  isRetryWaiting,
  isSameCredential,
  machineMark,
  NO_PRINCIPAL_FILE,
  readPrincipalFile,
} from '../identity/principal-file.ts'
import { removeQuietly } from '../spool/in-flight.ts'
import { settleAliases } from '../spool/settle.ts'
import type { SpoolLayout } from '../spool/spool-layout.ts'
import { isStoredOff } from './consent-now.ts'
import { loadRareChanges } from './load-rare-changes.ts'
import { type LookUp, startLookUp } from './look-up.ts'
import type { TrackerSettings } from './tracker-options.ts'

const fs = process.getBuiltinModule('node:fs')

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

export type OpenedIdentity = IdentityAtBegin | { readonly kind: 'none'; readonly reason: string }

export function identityAtBegin(
  settings: TrackerSettings,
  layout: SpoolLayout,
  lookUpFile: string,
  act: 'login' | 'logout' | null,
): OpenedIdentity {
  const opened = openIdentity(settings, layout)
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
  const lookUp = startLookUp(settings.principal, lookUpFile, {
    isTooSoon: (text) =>
      isRetryWaiting(principalFile, Date.now()) && isSameCredential(text, principalFile.credential_hash),
  })
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

function openIdentity(
  settings: TrackerSettings,
  layout: SpoolLayout,
): Identity | { readonly kind: 'none'; readonly reason: string } {
  const file = readIdentity(layout.usage)
  if (file.kind === 'identity') return file.identity
  if (file.kind === 'unreadable') return { kind: 'none', reason: `usage.json: ${file.reason}` }
  if (file.kind === 'damaged') {
    const repaired = loadRareChanges()?.setDamagedAside(layout, () => !isStoredOff(settings), Date.now())
    const isRepaired = repaired !== undefined && (repaired.kind !== 'failed' || repaired.reason === 'busy')
    if (!isRepaired) return { kind: 'none', reason: 'usage.json: damaged' }
  }
  const made = createIdentity(layout.usage, layout.telemetry)
  if (made.kind === 'failed') return { kind: 'none', reason: made.reason }
  if (made.kind === 'created') {
    if (settings.principal !== null) writeMark(layout.principal, made.identity)
    // Race R11: `off` erased between our look at consent and the link. Either this look sees it, or its erasing came later.
    if (isStoredOff(settings)) {
      removeQuietly(layout.usage)
      removeQuietly(layout.principal)
      return { kind: 'none', reason: 'off' }
    }
  }
  return made.identity
}

/** Written in place: a torn or missing mark costs a merge at the first login, never an attribution. */
function writeMark(path: string, identity: Identity): void {
  try {
    const file = { ...NO_PRINCIPAL_FILE, machine: machineMark(identity.anon_id) }
    fs.writeFileSync(path, encodePrincipalFile(file), { flag: 'wx', mode: 0o600 })
  } catch {
    // there already, or not writable: as said above
  }
}

function signedOutElsewhere(settings: TrackerSettings, layout: SpoolLayout, identity: Identity): OpenedIdentity {
  const fresh = newAnonId()
  const outcome = loadRareChanges()?.changeIdentity({
    paths: layout,
    event: { kind: 'signed-out', toldAt: new Date().toISOString() },
    onlyIf: identity,
    waitMs: 0,
    allowed: () => !isStoredOff(settings),
    alias: { settle: (current) => settleAliases(layout, current), prepare: () => false, publish: () => undefined },
    fresh,
  })
  const now = outcome?.kind === 'changed' ? outcome.identity : { anon_id: fresh, linked_principal_id: null }
  return { identity: now, distinct: { distinctId: fresh, isAnon: true }, credential: null, fresh: null, lookUp: null }
}
