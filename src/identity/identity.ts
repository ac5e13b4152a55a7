/**
 * Who is there: the pure part. States: `anonymous(anon)` → `linked(anon, principal)` → on logout `anonymous(new anon)`.
 * An anonymous id is never offered to a second principal: PostHog would fuse the two people without a warning
 * (docs/decisions/0003).
 */

declare const anon: unique symbol
declare const principal: unique symbol
export type AnonId = string & { readonly [anon]: true }
export type PrincipalId = string & { readonly [principal]: true }

/** The content of `usage.json`. */
export interface Identity {
  readonly anon_id: AnonId
  readonly linked_principal_id: PrincipalId | null
}

/** Who an event is booked to. */
export interface DistinctId {
  readonly distinctId: string
  readonly isAnon: boolean
}

/** Two ids that PostHog is to merge: `alias` (the anonymous one) into `distinctId` (the principal). */
export interface AliasPair {
  readonly distinctId: PrincipalId
  readonly alias: AnonId
}

export const DISTINCT_ID_LENGTH_MAX = 200

export function parseIdentity(text: string): Identity | null {
  try {
    const value = JSON.parse(text) as { anon_id?: unknown; linked_principal_id?: unknown } | null
    if (typeof value !== 'object' || value === null) return null
    const { anon_id, linked_principal_id = null } = value
    if (!isDistinctId(anon_id) || (linked_principal_id !== null && !isDistinctId(linked_principal_id))) return null
    return { anon_id: anon_id as AnonId, linked_principal_id: linked_principal_id as PrincipalId | null }
  } catch {
    return null
  }
}

export function encodeIdentity(identity: Identity): string {
  return `${JSON.stringify({ anon_id: identity.anon_id, linked_principal_id: identity.linked_principal_id })}\n`
}

/** Waterfall: linked principal, else the principal just looked up, else the anonymous id. */
export function resolveDistinctId(identity: Identity, lookedUp: PrincipalId | null = null): DistinctId {
  const id = identity.linked_principal_id ?? lookedUp
  return id === null ? { distinctId: identity.anon_id, isAnon: true } : { distinctId: id, isAnon: false }
}

/**
 * Whether signing in as `principal` may take the anonymous history along: only from a state that nobody was linked to, and only
 * an id that was made on this machine (a copied home or a baked image carries somebody else's history).
 */
export function shouldAlias(identity: Identity, principal: PrincipalId, madeHere: boolean): boolean {
  return identity.linked_principal_id === null && identity.anon_id !== (principal as string) && madeHere
}

/** Links `principal`. The anonymous id stays only if it goes along with {@link shouldAlias}; else `fresh` takes its place. */
export function setLinkedPrincipalId(
  identity: Identity,
  principal: PrincipalId,
  madeHere: boolean,
  fresh: AnonId,
): Identity {
  if (identity.linked_principal_id === principal) return identity
  const anon_id = shouldAlias(identity, principal, madeHere) ? identity.anon_id : fresh
  return { anon_id, linked_principal_id: principal }
}

/** Rotates and unlinks. An anonymous identity keeps its id: there is nobody to forget. */
export function resetToAnonymous(identity: Identity, fresh: AnonId): Identity {
  return identity.linked_principal_id === null ? identity : { anon_id: fresh, linked_principal_id: null }
}

/** What PostHog accepts as a person's id: both of its lists of illegal ids, blank ones, and those it would cut are refused. */
export function parsePrincipalId(value: unknown): PrincipalId | null {
  if (!isDistinctId(value)) return null
  const bare = value.replace(/^(['"])(.*)\1$/, '$2').trim()
  return bare === '' || isIllegal(bare.toLowerCase()) || bare === NIL_UUID ? null : (value as PrincipalId)
}

function isDistinctId(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.trim() === value &&
    value.length > 0 &&
    value.length <= DISTINCT_ID_LENGTH_MAX &&
    isPlain(value)
  )
}

function isIllegal(id: string): boolean {
  return !id.includes(',') && ILLEGAL.includes(`,${id},`)
}

/** No control characters, no lone surrogates: ids travel through JSON, logs and query strings. */
function isPlain(value: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return !/[\u0000-\u001f\u007f]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(value)
}

const NIL_UUID = '00000000-0000-0000-0000-000000000000'
// PostHog's v0 and v1 lists together, without regard to case (docs/evidence.md, PostHog). A text: a set would be made in every host.
const ILLEGAL =
  ',anonymous,guest,distinctid,distinct_id,id,not_authenticated,email,undefined,true,false,nan,none,null,0,backend,system,user,anonymous-user,' +
  'anonymous_user,[object object],'
