/**
 * What a command's end does to the identity, and whom its event is booked to: login, logout, or a look-up that was due. Whatever
 * goes wrong here, nobody stays linked whom the host did not name, and nobody's event goes to somebody else.
 */
import type { Envelope } from '../events/envelope.ts'
import { type AliasPair, type DistinctId, type PrincipalId, resolveDistinctId } from '../identity/identity.ts'
import type { ChangeOutcome, ChangeRequest } from '../identity/identity-change.ts'
import { hashCredential } from '../identity/principal-file.ts'
import type { CommandLayout } from '../spool/spool-layout.ts'
import { aliasEnvelope, aliasSteps } from './alias.ts'
import { isStoredOff } from './consent-now.ts'
import type { HostWord } from './host-word.ts'
import { readCredential } from './host-credential.ts'
import type { IdentityAtBegin } from './identity-at-begin.ts'
import { loadRareChanges, type RareChanges } from './load-parts.ts'
import type { LookUp } from './look-up.ts'
import type { TrackerSettings } from './tracker-options.ts'

/** A credential whose owner could not be learnt is asked about again after this. */
const LOOK_UP_RETRY_MS = 5 * 60_000
/** A logout waits no longer for the lock: it rotates without it. */
const LOGOUT_LOCK_WAIT_MS = 50

export interface EndContext {
  readonly settings: TrackerSettings
  readonly layout: CommandLayout
  readonly begin: IdentityAtBegin
  readonly origin: Pick<Envelope, 'app' | 'api_key' | 'host' | 'delivery'>
}

export interface IdentityAtEnd {
  readonly distinct: DistinctId
  /** Recorded, and waiting in `pending/`. */
  readonly alias: { readonly pair: AliasPair; readonly uuid: string } | null
}

/** A login that succeeded. `principal` null: nobody could say who it is. `leftMs`: of the login's box, for the lock. */
export function afterLogin(
  context: EndContext,
  { at, credential }: HostWord,
  principal: PrincipalId | null,
  leftMs: number,
): IdentityAtEnd {
  const rare = loadRareChanges()
  const credentialHash = credential.kind === 'text' ? hashCredential(credential.text) : null
  const unchanged = (): boolean => {
    const now = readCredential(context.settings)
    return (
      now.kind === credential.kind &&
      (now.kind !== 'text' || credential.kind !== 'text' || now.text === credential.text)
    )
  }
  const event: ChangeRequest['event'] =
    principal === null
      ? unknownPrincipal(at, credentialHash)
      : { kind: 'signed-in', toldAt: at, principal, credentialHash }
  const outcome = change(context, rare, {
    event,
    waitMs: leftMs,
    allowed: () => unchanged() && !isStoredOff(context.settings),
  })
  if (outcome.kind !== 'changed' && outcome.kind !== 'unchanged') unlinkOthers(context, rare, principal)
  if (principal !== null) return { distinct: { distinctId: principal, isAnon: false }, alias: aliasOf(rare, outcome) }
  return { distinct: anonymousAfter(context, outcome), alias: null }
}

/** A logout that succeeded: its event is still the principal's who was linked at that moment. */
export function afterLogout(context: EndContext, { at }: HostWord): IdentityAtEnd {
  const event = { kind: 'signed-out', toldAt: at } as const
  const outcome = change(context, loadRareChanges(), { event, waitMs: LOGOUT_LOCK_WAIT_MS })
  const linked = 'before' in outcome && outcome.before.linked_principal_id !== null
  return { distinct: linked ? resolveDistinctId(outcome.before) : context.begin.distinct, alias: null }
}

/** Any other command whose look-up was due. `principal` null: it was not had in time. */
export function afterLookUp(context: EndContext, lookUp: LookUp): IdentityAtEnd {
  const { begin } = context
  const principal = lookUp.answer === 'pending' ? null : lookUp.answer
  const rare = loadRareChanges()
  const credential = begin.credential ?? lookUp.credential
  const credentialHash = credential === null ? null : hashCredential(credential)
  const nothingLearnt = principal === null && credentialHash === null && begin.identity.linked_principal_id === null
  if (nothingLearnt) return { distinct: begin.distinct, alias: null }
  const event: ChangeRequest['event'] =
    principal === null
      ? unknownPrincipal(lookUp.askedAt, credentialHash)
      : { kind: 'signed-in', toldAt: lookUp.askedAt, principal, credentialHash }
  // Only if nobody signed in or out since: this look-up is about the beginning.
  const outcome = change(context, rare, { event, waitMs: 0, onlyIf: begin.identity })
  if (outcome.kind === 'busy' || outcome.kind === 'failed') unlinkOthers(context, rare, principal)
  if (principal === null) return { distinct: begin.distinct, alias: null }
  return { distinct: { distinctId: principal, isAnon: false }, alias: aliasOf(rare, outcome) }
}

function unknownPrincipal(toldAt: string, credentialHash: string | null): ChangeRequest['event'] {
  return {
    kind: 'principal-unknown',
    toldAt,
    credentialHash,
    retryAfter: new Date(Date.now() + LOOK_UP_RETRY_MS).toISOString(),
  }
}

function change(
  context: EndContext,
  rare: RareChanges | null,
  request: Pick<ChangeRequest, 'event' | 'waitMs' | 'onlyIf'> & Partial<Pick<ChangeRequest, 'allowed'>>,
): ChangeOutcome {
  if (rare === null) return { kind: 'failed', reason: 'not-built' }
  const timestamp = new Date().toISOString()
  const envelopeOf = (pair: AliasPair): Envelope =>
    aliasEnvelope(pair, context.origin, rare.aliasUuid(pair.distinctId, pair.alias), timestamp)
  return rare.changeIdentity({
    paths: context.layout,
    allowed: () => !isStoredOff(context.settings),
    alias: aliasSteps(context.layout, envelopeOf),
    ...(context.begin.fresh === null ? {} : { fresh: context.begin.fresh }),
    ...request,
  })
}

/** Somebody else's link must not outlive this sign-in, even if ours could not be made: a rotation needs no lock. */
function unlinkOthers(context: EndContext, rare: RareChanges | null, principal: PrincipalId | null): void {
  const { linked_principal_id } = context.begin.identity
  if (linked_principal_id === null || linked_principal_id === principal) return
  const event = { kind: 'signed-out', toldAt: new Date().toISOString() } as const
  change(context, rare, { event, waitMs: 0, onlyIf: context.begin.identity })
}

function anonymousAfter(context: EndContext, outcome: ChangeOutcome): DistinctId {
  if ('identity' in outcome && outcome.identity.linked_principal_id === null)
    return { distinctId: outcome.identity.anon_id, isAnon: true }
  return context.begin.distinct.isAnon
    ? context.begin.distinct
    : { distinctId: process.getBuiltinModule('node:crypto').randomUUID(), isAnon: true }
}

function aliasOf(rare: RareChanges | null, outcome: ChangeOutcome): IdentityAtEnd['alias'] {
  if (rare === null || outcome.kind !== 'changed' || outcome.alias === null) return null
  return { pair: outcome.alias, uuid: rare.aliasUuid(outcome.alias.distinctId, outcome.alias.alias) }
}
