import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type AnonId,
  DISTINCT_ID_LENGTH_MAX,
  encodeIdentity,
  type Identity,
  parseIdentity,
  parsePrincipalId,
  type PrincipalId,
  resetToAnonymous,
  resolveDistinctId,
  setLinkedPrincipalId,
  shouldAlias,
} from '../../src/identity/identity.ts'

const anon = 'anon-1' as AnonId
const fresh = 'anon-2' as AnonId
const alice = 'alice' as PrincipalId
const bob = 'bob' as PrincipalId
const anonymous: Identity = { anon_id: anon, linked_principal_id: null }
const linked: Identity = { anon_id: anon, linked_principal_id: alice }

describe('resolveDistinctId()', () => {
  const rows: readonly [string, Identity, PrincipalId | null, string, boolean][] = [
    ['the anonymous id when nobody is known', anonymous, null, anon, true],
    ['the looked-up principal before the anonymous id', anonymous, bob, bob, false],
    ['the linked principal', linked, null, alice, false],
    ['the linked principal before the looked-up one', linked, bob, alice, false],
  ]
  test.each(rows)('resolveDistinctId() takes %s', (_, identity, lookedUp, distinctId, isAnon) => {
    expect(resolveDistinctId(identity, lookedUp)).toEqual({ distinctId, isAnon })
  })
})

describe('shouldAlias(), setLinkedPrincipalId()', () => {
  const rows: readonly [string, Identity, PrincipalId, boolean, boolean, Identity][] = [
    ['anonymous, made here', anonymous, alice, true, true, { anon_id: anon, linked_principal_id: alice }],
    ['anonymous, made elsewhere', anonymous, alice, false, false, { anon_id: fresh, linked_principal_id: alice }],
    ['linked to the same', linked, alice, true, false, linked],
    ['linked to the same, made elsewhere', linked, alice, false, false, linked],
    ['linked to another', linked, bob, true, false, { anon_id: fresh, linked_principal_id: bob }],
    ['linked to another, made elsewhere', linked, bob, false, false, { anon_id: fresh, linked_principal_id: bob }],
    [
      'a principal who is called like the anonymous id',
      anonymous,
      'anon-1' as PrincipalId,
      true,
      false,
      { anon_id: fresh, linked_principal_id: 'anon-1' as PrincipalId },
    ],
  ]
  test.each(rows)('%s', (_, identity, principal, madeHere, alias, after) => {
    expect(shouldAlias(identity, principal, madeHere)).toBe(alias)
    expect(setLinkedPrincipalId(identity, principal, madeHere, fresh)).toEqual(after)
  })
})

test('resetToAnonymous() rotates a linked identity and leaves an anonymous one', () => {
  expect(resetToAnonymous(linked, fresh)).toEqual({ anon_id: fresh, linked_principal_id: null })
  expect(resetToAnonymous(anonymous, fresh)).toBe(anonymous)
})

const V0 = [
  'anonymous',
  'guest',
  'distinctid',
  'distinct_id',
  'id',
  'not_authenticated',
  'email',
  'undefined',
  'true',
  'false',
]
const V0_CASED = ['[object Object]', 'NaN', 'None', 'none', 'null', '0']
const V1 = ['backend', 'system', 'user', 'anonymous-user', '00000000-0000-0000-0000-000000000000']

describe('parsePrincipalId()', () => {
  const illegal = [...V0, ...V0_CASED, ...V1]
    .flatMap((id) => [id, id.toUpperCase(), `"${id}"`, `'${id}'`])
    .concat(['', ' ', '""', "''", '" "', ' alice', 'alice\n', 'a\u0000b', 'a\u007fb', '\ud800', 'x\udc00'])
  test.each(illegal.map((id) => [JSON.stringify(id), id]))('parsePrincipalId() refuses %s', (_, id) => {
    expect(parsePrincipalId(id)).toBeNull()
  })

  test.each([null, undefined, 0, 42, true, {}, [], ['alice'], Symbol('x'), 10n])(
    'parsePrincipalId() refuses what is no text: %#',
    (value) => {
      expect(parsePrincipalId(value)).toBeNull()
    },
  )

  test.each(['alice', 'Alice', 'a', 'alice@example.org', 'user:1', 'nobody', 'idx', '𝒜lice', 'ольга', "d'Artagnan"])(
    'parsePrincipalId() takes %s as it is',
    (id) => {
      expect(parsePrincipalId(id)).toBe(id)
    },
  )

  test('parsePrincipalId() takes 200 characters and no more', () => {
    expect(parsePrincipalId('x'.repeat(DISTINCT_ID_LENGTH_MAX))).toHaveLength(200)
    expect(parsePrincipalId('x'.repeat(201))).toBeNull()
  })
})

describe('parseIdentity()', () => {
  const damaged = [
    '',
    ' ',
    '{',
    'null',
    '[]',
    '"x"',
    '1',
    '{}',
    '{"anon_id":1}',
    '{"anon_id":""}',
    '{"anon_id":" x"}',
    '{"anon_id":null,"linked_principal_id":"a"}',
    '{"anon_id":"x","linked_principal_id":1}',
    '{"anon_id":"x","linked_principal_id":""}',
    `{"anon_id":"${'x'.repeat(201)}"}`,
    '{"anon_id":"x\\u0000"}',
    '{"anon_id":"\\ud800"}',
    '{"anon_id":"x","linked_principal_id":"a"',
  ]
  test.each(damaged)('parseIdentity() of %j is null', (text) => {
    expect(parseIdentity(text)).toBeNull()
  })

  test('parseIdentity() passes over the keys of a newer version and a missing link', () => {
    expect(parseIdentity('{"anon_id":"anon-1","more":{"x":1}}')).toEqual(anonymous)
  })

  test('parseIdentity() reads back whatever encodeIdentity() wrote', () => {
    const id = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
      .filter((text) => parsePrincipalId(text) !== null)
    fc.assert(
      fc.property(id, fc.option(id), (anon_id, linked_principal_id) => {
        const identity = { anon_id, linked_principal_id } as Identity
        expect(parseIdentity(encodeIdentity(identity))).toEqual(identity)
      }),
    )
  })

  test('parseIdentity() never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(() => parseIdentity(text)).not.toThrow()
      }),
    )
  })
})
