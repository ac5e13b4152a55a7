import { expect, test } from 'vitest'
import { decideIdentityChange, type IdentityEvent } from '../../src/identity/decide-change.ts'
import type { AnonId, Identity, PrincipalId } from '../../src/identity/identity.ts'
import { NO_PRINCIPAL_FILE } from '../../src/identity/principal-file.ts'

const anon = 'anon-1' as AnonId
const fresh = 'anon-2' as AnonId
const alice = 'alice' as PrincipalId
const bob = 'bob' as PrincipalId
const A: Identity = { anon_id: anon, linked_principal_id: null }
const LA: Identity = { anon_id: anon, linked_principal_id: alice }
const ROTATED: Identity = { anon_id: fresh, linked_principal_id: null }
const toldAt = '2026-01-01T00:00:00.000Z'
const retryAfter = '2026-01-01T00:05:00.000Z'
const inAs = (principal: PrincipalId, credentialHash: string | null): IdentityEvent => ({
  kind: 'signed-in',
  toldAt,
  principal,
  credentialHash,
})
const out: IdentityEvent = { kind: 'signed-out', toldAt }
const unknown = (credentialHash: string | null): IdentityEvent => ({
  kind: 'principal-unknown',
  toldAt,
  credentialHash,
  retryAfter,
})

// what happens, identity, event, made here → identity, hash, retry, alias; null: left as it is
const TABLE: readonly [
  string,
  Identity,
  IdentityEvent,
  boolean,
  readonly [Identity, string | null, string | null, boolean] | null,
][] = [
  ['login, anonymous', A, inAs(alice, 'h'), true, [LA, 'h', null, true]],
  ['login, anonymous, no credential()', A, inAs(alice, null), true, [LA, null, null, true]],
  [
    'login, id made elsewhere',
    A,
    inAs(alice, 'h'),
    false,
    [{ anon_id: fresh, linked_principal_id: alice }, 'h', null, false],
  ],
  ['login, same principal, another credential', LA, inAs(alice, 'h'), true, [LA, 'h', null, false]],
  ['login, same principal, id made elsewhere', LA, inAs(alice, 'h'), false, [LA, 'h', null, false]],
  ['login, same principal, no credential()', LA, inAs(alice, null), true, null],
  ['account switch', LA, inAs(bob, 'h'), true, [{ anon_id: fresh, linked_principal_id: bob }, 'h', null, false]],
  ['logout, linked', LA, out, true, [ROTATED, null, null, false]],
  ['logout, linked, id made elsewhere', LA, out, false, [ROTATED, null, null, false]],
  ['logout of nobody', A, out, true, [A, null, null, false]],
  ['principal unknown, linked', LA, unknown('h'), true, [ROTATED, 'h', retryAfter, false]],
  ['principal unknown, linked, no credential()', LA, unknown(null), true, [ROTATED, null, retryAfter, false]],
  ['principal unknown, anonymous', A, unknown('h'), true, [A, 'h', retryAfter, false]],
  ['principal unknown, anonymous, no credential()', A, unknown(null), true, null],
]

test.each(TABLE)('decideIdentityChange() %s', (_, identity, event, madeHere, want) => {
  const state = { identity, principalFile: NO_PRINCIPAL_FILE, madeHere, overtaken: false }
  const change = decideIdentityChange(state, event, fresh)
  if (want === null) return expect(change).toBeNull()
  const [after, credential_hash, retry_after, aliased] = want
  const alias = aliased ? { distinctId: alice, alias: anon } : null
  expect(change).toEqual({ identity: after, principalFile: { credential_hash, retry_after }, alias })
})

test.each(TABLE)('decideIdentityChange() %s, overtaken by a newer word: only a sign-out still counts', (_, ...row) => {
  const [identity, event, madeHere, want] = row
  const state = { identity, principalFile: NO_PRINCIPAL_FILE, madeHere, overtaken: true }
  const change = decideIdentityChange(state, event, fresh)
  if (event.kind === 'signed-out') expect(change?.identity).toEqual(want?.[0])
  else expect(change).toBeNull()
})

test('decideIdentityChange() principal unknown forgets a retry that is no more', () => {
  const principalFile = { ...NO_PRINCIPAL_FILE, retry_after: retryAfter }
  const state = { identity: A, principalFile, madeHere: true, overtaken: false }
  expect(decideIdentityChange(state, unknown(null), fresh)?.principalFile.retry_after).toBe(retryAfter)
})
