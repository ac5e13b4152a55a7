/**
 * The doer of every change of `usage.json`: login, logout, switch, damage. Loaded only for those (it brings proper-lockfile and
 * write-file-atomic), synchronous, usable inside 'exit', never throws.
 *
 * One change, in order, and what a SIGKILL after each step leaves:
 *   1. lock                       a stale folder, taken over after 2 s
 *   2. settle old aliases         nothing new
 *   3. alias → in-flight/         an alias whose pair usage.json does not show: deleted by whoever settles
 *   4. a rotation's machine mark  the old link without a hash: it asks again
 *   5. usage.json by rename       THE COMMIT. The alias is now true, and whoever settles moves it
 *   6. principal.json             one look-up more (the stored hash is another credential's, or none)
 *   7. alias → pending/           done
 * The new credential's hash comes after usage.json: beside an old link it would book the new person's work to the old one. The mark
 * comes before it: without one, the next person's login would leave the anonymous history behind.
 *
 * Race R1: two holders (ours was stopped longer than the lock's stale time). The bytes read in step 1 must still be there when
 * the rename is due (replaceFile's `expected`), else everything starts over with a fresh read.
 * Race R2: `off` erases while we are here. It takes the same lock, and consent is read again inside ours.
 * Race R12: two sign-ins, or a sign-out and a look-up, whose answers arrive in another order than the host spoke: principal.json has
 * the moment of the host's last word, and an older one is void.
 */
import { replaceFile } from '../files/atomic-write.ts'
import { withFileLock } from '../files/file-lock.ts'
import { fs } from '../files/fs.ts'
import { errorCode } from '../files/read-small-file.ts'
import { decideIdentityChange, type IdentityEvent } from './decide-change.ts'
import { type AliasPair, type AnonId, encodeIdentity, type Identity } from './identity.ts'
import { newAnonId, readIdentity } from './identity-file.ts'
import {
  encodePrincipalFile,
  isOvertaken,
  machineMark,
  NO_PRINCIPAL_FILE,
  readPrincipalFile,
} from './principal-file.ts'

export interface IdentityPaths {
  readonly usage: string
  readonly principal: string
}

/** The three moments of an alias, given by the caller because envelopes are not identity's business. */
export interface AliasSteps {
  /** Step 2, under the lock: moves or deletes what an earlier change left. */
  settle(identity: Identity): void
  /** Step 3. False: it could not be written, and nothing is changed. */
  prepare(pair: AliasPair): boolean
  /** Step 7. */
  publish(pair: AliasPair): void
}

export interface ChangeRequest {
  readonly paths: IdentityPaths
  readonly event: IdentityEvent
  /** Only while this is still the identity on disk; otherwise nothing is changed. Absent: whatever is on disk. */
  readonly onlyIf?: Identity
  /** How long to wait (blocking) for the lock, ms; 0: one try. */
  readonly waitMs: number
  /** Read again inside the lock. */
  readonly allowed: () => boolean
  readonly alias: AliasSteps
  /** The id to rotate to, if it comes to that; minted here when absent. */
  readonly fresh?: AnonId
}

export type ChangeOutcome =
  /** `before` and `identity` are what the file held and holds; `alias` was prepared and published. */
  | {
      readonly kind: 'changed' | 'unchanged'
      readonly before: Identity
      readonly identity: Identity
      readonly alias: AliasPair | null
    }
  /** Another identity than `onlyIf` is there now. */
  | { readonly kind: 'overtaken'; readonly before: Identity }
  | { readonly kind: 'busy' }
  | { readonly kind: 'failed'; readonly reason: string }

const ATTEMPTS_MAX = 5

export function changeIdentity(request: ChangeRequest): ChangeOutcome {
  const locked = withFileLock(request.paths.usage, request.waitMs, () => changeLocked(request))
  if (locked.kind === 'done') return locked.value
  // A rotation needs no old state, so a logout does not fail for want of the lock: docs/decisions/0006.
  return request.event.kind === 'signed-out' ? rotateUnlocked(request) : locked
}

function changeLocked(request: ChangeRequest): ChangeOutcome {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    if (!request.allowed()) return { kind: 'failed', reason: 'off' }
    const file = readIdentity(request.paths.usage)
    if (file.kind !== 'identity') return { kind: 'failed', reason: file.kind }
    const before = file.identity
    request.alias.settle(before)
    if (request.onlyIf !== undefined && !isSame(before, request.onlyIf)) return { kind: 'overtaken', before }
    const principalFile = readPrincipalFile(request.paths.principal)
    const madeHere = principalFile.machine === machineMark(before.anon_id)
    const overtaken = isOvertaken(principalFile, request.event.toldAt, Date.now())
    const change = decideIdentityChange(
      { identity: before, madeHere, overtaken },
      request.event,
      request.fresh ?? newAnonId(),
    )
    if (change === null) return { kind: 'unchanged', before, identity: before, alias: null }
    if (change.alias !== null && !request.alias.prepare(change.alias))
      return { kind: 'failed', reason: 'alias-not-recorded' }
    const rotates = change.identity.anon_id !== before.anon_id
    const machine = rotates ? machineMark(change.identity.anon_id) : principalFile.machine
    const told_at = overtaken ? principalFile.told_at : request.event.toldAt
    if (rotates)
      replaceFile(
        request.paths.principal,
        encodePrincipalFile({ ...NO_PRINCIPAL_FILE, machine, told_at: principalFile.told_at }),
      )
    if (!isSame(change.identity, before)) {
      const replaced = replaceFile(request.paths.usage, encodeIdentity(change.identity), file.text)
      if (replaced.kind === 'superseded') continue
      if (replaced.kind === 'failed') return replaced
    }
    replaceFile(request.paths.principal, encodePrincipalFile({ ...change.principalFile, machine, told_at }))
    if (change.alias !== null) request.alias.publish(change.alias)
    return { kind: 'changed', before, identity: change.identity, alias: change.alias }
  }
  return { kind: 'busy' }
}

/**
 * Rotates even an anonymous id: somebody holds the lock, perhaps to link it, and finds other bytes than it read, and a newer word.
 * Hence principal.json first, which is safe here: a link without a hash asks again.
 */
function rotateUnlocked(request: ChangeRequest): ChangeOutcome {
  if (!request.allowed()) return { kind: 'failed', reason: 'off' }
  const file = readIdentity(request.paths.usage)
  if (file.kind !== 'identity') return { kind: 'failed', reason: file.kind }
  const before = file.identity
  if (request.onlyIf !== undefined && !isSame(before, request.onlyIf)) return { kind: 'overtaken', before }
  // The lock may be a killed login's, whose alias is still to be settled and could not be told from a failed one after this.
  if (before.linked_principal_id !== null) request.alias.settle(before)
  const identity: Identity = { anon_id: request.fresh ?? newAnonId(), linked_principal_id: null }
  const principalFile = { ...NO_PRINCIPAL_FILE, machine: machineMark(identity.anon_id), told_at: request.event.toldAt }
  replaceFile(request.paths.principal, encodePrincipalFile(principalFile))
  const replaced = replaceFile(request.paths.usage, encodeIdentity(identity))
  if (replaced.kind !== 'replaced')
    return { kind: 'failed', reason: replaced.kind === 'failed' ? replaced.reason : 'busy' }
  return { kind: 'changed', before, identity, alias: null }
}

export type Repaired =
  | { readonly kind: 'repaired' | 'not-damaged' }
  | { readonly kind: 'failed'; readonly reason: string }

const DAMAGED_KEPT_MAX = 5
/** Many commands may find the damage at once; who waits in vain finds it repaired, as a rule. */
const REPAIR_LOCK_WAIT_MS = 250

/** Sets a damaged `usage.json` aside as `usage.json.damaged-<time>` (the newest five are kept), so that first use can begin anew. */
export function setDamagedAside(paths: IdentityPaths, allowed: () => boolean, nowMs: number): Repaired {
  const locked = withFileLock(paths.usage, REPAIR_LOCK_WAIT_MS, (): Repaired => {
    if (!allowed()) return { kind: 'failed', reason: 'off' }
    if (readIdentity(paths.usage).kind !== 'damaged') return { kind: 'not-damaged' }
    try {
      fs.renameSync(paths.usage, `${paths.usage}.damaged-${nowMs}`)
      const copies = damagedCopies(paths.usage)
      for (const old of copies.slice(0, -DAMAGED_KEPT_MAX)) fs.unlinkSync(old)
      return { kind: 'repaired' }
    } catch (error) {
      return { kind: 'failed', reason: errorCode(error) }
    }
  })
  return locked.kind === 'done' ? locked.value : { kind: 'failed', reason: locked.kind }
}

/** Set-aside copies of `usage.json`, oldest first; they hold ids, so `off` erases them too. */
export function damagedCopies(usagePath: string): readonly string[] {
  const cut = usagePath.lastIndexOf('/')
  const prefix = `${usagePath.slice(cut + 1)}.damaged-`
  return fs
    .readdirSync(usagePath.slice(0, cut))
    .filter((name) => name.startsWith(prefix))
    .sort()
    .map((name) => `${usagePath.slice(0, cut)}/${name}`)
}

function isSame(a: Identity, b: Identity): boolean {
  return a.anon_id === b.anon_id && a.linked_principal_id === b.linked_principal_id
}
