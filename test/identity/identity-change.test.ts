import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type AnonId, encodeIdentity, type Identity, type PrincipalId } from '../../src/identity/identity.ts'
import {
  type AliasSteps,
  changeIdentity,
  type ChangeRequest,
  damagedCopies,
  setDamagedAside,
} from '../../src/identity/identity-change.ts'
import { newAnonId, readIdentity } from '../../src/identity/identity-file.ts'
import {
  encodePrincipalFile,
  machineMark,
  NO_PRINCIPAL_FILE,
  type PrincipalFile,
  readPrincipalFile,
} from '../../src/identity/principal-file.ts'

const alice = 'alice' as PrincipalId
const bob = 'bob' as PrincipalId
const fresh = 'fresh' as AnonId

let directory: string
let paths: { usage: string; principal: string }
let anon: AnonId
beforeEach(() => {
  directory = mkdtempSync(join(process.env['AFTERWORD_TEST_HOME'] ?? '/tmp', 'change-'))
  paths = { usage: `${directory}/usage.json`, principal: `${directory}/principal.json` }
  anon = newAnonId()
})
afterEach(() => {
  rmSync(directory, { recursive: true })
})

function given(linked: PrincipalId | null, file: Partial<PrincipalFile> = {}): void {
  writeFileSync(paths.usage, encodeIdentity({ anon_id: anon, linked_principal_id: linked }))
  writeFileSync(paths.principal, encodePrincipalFile({ ...NO_PRINCIPAL_FILE, machine: machineMark(anon), ...file }))
}

function identity(): Identity {
  const file = readIdentity(paths.usage)
  if (file.kind !== 'identity') throw new Error(file.kind)
  return file.identity
}

/** Steps that write down what they were asked for, and what the file held then. */
function steps(over: Partial<AliasSteps> = {}): AliasSteps & { readonly said: string[] } {
  const said: string[] = []
  const note = (text: string): number => said.push(`${text} (${identity().linked_principal_id ?? 'anonymous'})`)
  return {
    said,
    settle: (at) => {
      note('settle')
      over.settle?.(at)
    },
    prepare: (pair) => {
      note(`prepare ${pair.distinctId}`)
      return over.prepare?.(pair) ?? true
    },
    publish: (pair) => {
      note(`publish ${pair.distinctId}`)
      over.publish?.(pair)
    },
  }
}

const toldAt = '2026-01-01T00:00:00.000Z'
const signIn = (principal: PrincipalId): ChangeRequest['event'] => ({
  kind: 'signed-in',
  toldAt,
  principal,
  credentialHash: 'hash',
})
const signOut: ChangeRequest['event'] = { kind: 'signed-out', toldAt }

function request(event: ChangeRequest['event'], alias: AliasSteps, more: Partial<ChangeRequest> = {}): ChangeRequest {
  return { paths, event, waitMs: 0, allowed: () => true, alias, fresh, ...more }
}

/** Somebody else holds the lock, and is alive. */
function holdLock(): void {
  mkdirSync(`${paths.usage}.lock`)
}

describe('changeIdentity()', () => {
  test('changeIdentity() prepares the alias before the link and publishes it after', () => {
    given(null)
    const alias = steps()
    expect(changeIdentity(request(signIn(alice), alias))).toEqual({
      kind: 'changed',
      before: { anon_id: anon, linked_principal_id: null },
      identity: { anon_id: anon, linked_principal_id: alice },
      alias: { distinctId: alice, alias: anon },
    })
    expect(alias.said).toEqual(['settle (anonymous)', 'prepare alice (anonymous)', 'publish alice (alice)'])
    expect(readPrincipalFile(paths.principal)).toEqual({
      credential_hash: 'hash',
      machine: machineMark(anon),
      retry_after: null,
      told_at: toldAt,
    })
    expect(readdirSync(directory).sort()).toEqual(['principal.json', 'usage.json'])
  })

  test('changeIdentity() marks a rotated id as made here', () => {
    given(alice)
    expect(changeIdentity(request(signIn(bob), steps()))).toMatchObject({ kind: 'changed', alias: null })
    expect(identity()).toEqual({ anon_id: fresh, linked_principal_id: bob })
    expect(readPrincipalFile(paths.principal).machine).toBe(machineMark(fresh))
  })

  test('changeIdentity() keeps a mark that is another machine’s until the id is rotated', () => {
    given(alice, { machine: 'elsewhere' })
    changeIdentity(request(signIn(alice), steps()))
    expect(readPrincipalFile(paths.principal).machine).toBe('elsewhere')
  })

  test('changeIdentity() signed out of nobody writes the word down and nothing else', () => {
    given(null)
    const before = readFileSync(paths.usage, 'utf8')
    changeIdentity(request(signOut, steps()))
    expect(readFileSync(paths.usage, 'utf8')).toBe(before)
    expect(readPrincipalFile(paths.principal)).toMatchObject({ told_at: toldAt, machine: machineMark(anon) })
  })

  test('changeIdentity() signed in before the host’s last word changes nothing', () => {
    given(null, { told_at: '2026-01-01T00:00:01.000Z' })
    expect(changeIdentity(request(signIn(alice), steps()))).toMatchObject({ kind: 'unchanged' })
    expect(identity().linked_principal_id).toBeNull()
  })

  test('changeIdentity() signed out before the host’s last word counts, and leaves that word', () => {
    const told_at = '2026-01-01T00:00:01.000Z'
    given(alice, { told_at })
    expect(changeIdentity(request(signOut, steps()))).toMatchObject({ kind: 'changed' })
    expect(identity().linked_principal_id).toBeNull()
    expect(readPrincipalFile(paths.principal).told_at).toBe(told_at)
  })

  test('changeIdentity() whose alias cannot be written changes nothing', () => {
    given(null)
    const before = [readFileSync(paths.usage, 'utf8'), readFileSync(paths.principal, 'utf8')]
    const outcome = changeIdentity(request(signIn(alice), steps({ prepare: () => false })))
    expect(outcome).toEqual({ kind: 'failed', reason: 'alias-not-recorded' })
    expect([readFileSync(paths.usage, 'utf8'), readFileSync(paths.principal, 'utf8')]).toEqual(before)
    expect(existsSync(`${paths.usage}.lock`)).toBe(false)
  })

  test('changeIdentity() whose bytes were replaced before the rename starts over on the new ones', () => {
    given(null)
    let rounds = 0
    const meddling = steps({
      prepare: () => {
        // A second holder of a stale lock was faster: Bob is linked by now.
        if (rounds++ === 0) writeFileSync(paths.usage, encodeIdentity({ anon_id: anon, linked_principal_id: bob }))
        return true
      },
    })
    expect(changeIdentity(request(signIn(alice), meddling))).toMatchObject({
      kind: 'changed',
      before: { linked_principal_id: bob },
      identity: { anon_id: fresh, linked_principal_id: alice },
      alias: null,
    })
    expect(meddling.said).toEqual(['settle (anonymous)', 'prepare alice (anonymous)', 'settle (bob)'])
  })

  test('changeIdentity() whose bytes are replaced for ever gives up as busy', () => {
    given(null)
    const restless = steps({
      prepare: () => {
        anon = newAnonId()
        given(null)
        return true
      },
    })
    expect(changeIdentity(request(signIn(alice), restless))).toEqual({ kind: 'busy' })
    expect(identity().linked_principal_id).toBeNull()
  })

  test('changeIdentity() erased by `off` in mid-change does not bring the file back', () => {
    given(null)
    let said = 'on'
    const erasing = steps({
      prepare: () => {
        said = 'off'
        rmSync(paths.usage)
        return true
      },
    })
    expect(changeIdentity(request(signIn(alice), erasing, { allowed: () => said === 'on' }))).toEqual({
      kind: 'failed',
      reason: 'off',
    })
    expect(existsSync(paths.usage)).toBe(false)
  })

  test('changeIdentity() with another identity than `onlyIf` is overtaken', () => {
    given(bob)
    const onlyIf: Identity = { anon_id: anon, linked_principal_id: null }
    expect(changeIdentity(request(signIn(alice), steps(), { onlyIf }))).toEqual({
      kind: 'overtaken',
      before: { anon_id: anon, linked_principal_id: bob },
    })
    expect(identity().linked_principal_id).toBe(bob)
  })

  test.each(['off', 'absent', 'damaged', 'unreadable'])(
    'changeIdentity() fails where it must not write: %s',
    (reason) => {
      if (reason === 'damaged') writeFileSync(paths.usage, '{')
      if (reason === 'unreadable') mkdirSync(paths.usage)
      if (reason === 'off') given(null)
      for (const event of [signIn(alice), signOut])
        expect(changeIdentity(request(event, steps(), { allowed: () => reason !== 'off' }))).toEqual({
          kind: 'failed',
          reason,
        })
    },
  )

  test('changeIdentity() takes over the lock of a killed holder', () => {
    given(null)
    holdLock()
    const longAgo = new Date(Date.now() - 60_000)
    utimesSync(`${paths.usage}.lock`, longAgo, longAgo)
    expect(changeIdentity(request(signIn(alice), steps()))).toMatchObject({ kind: 'changed' })
    expect(existsSync(`${paths.usage}.lock`)).toBe(false)
  })
})

describe('changeIdentity() while the lock is held', () => {
  test('a sign-in is busy after its wait, and changes nothing', () => {
    given(null)
    holdLock()
    const before = Date.now()
    expect(changeIdentity(request(signIn(alice), steps(), { waitMs: 60 }))).toEqual({ kind: 'busy' })
    expect(Date.now() - before).toBeGreaterThanOrEqual(60)
    expect(identity().linked_principal_id).toBeNull()
  })

  test('a sign-out rotates without it, after a killed login’s alias was settled', () => {
    given(alice, { credential_hash: 'hash' })
    holdLock()
    const alias = steps()
    expect(changeIdentity(request(signOut, alias))).toMatchObject({
      kind: 'changed',
      before: { linked_principal_id: alice },
    })
    expect(identity()).toEqual({ anon_id: fresh, linked_principal_id: null })
    expect(alias.said).toEqual(['settle (alice)'])
    expect(readPrincipalFile(paths.principal)).toEqual({
      credential_hash: null,
      machine: machineMark(fresh),
      retry_after: null,
      told_at: toldAt,
    })
  })

  test('a sign-out of nobody rotates too, so that the holder’s link finds other bytes than it read', () => {
    given(null)
    const fenced = steps({
      prepare: () => {
        // The holder is here; the logout comes from a second process that waits for no lock. Its word is the newer one.
        const event = { ...signOut, toldAt: '2026-01-01T00:00:01.000Z' }
        const logout = changeIdentity(request(event, steps(), { fresh: 'fresh-2' as AnonId }))
        expect(logout).toMatchObject({ kind: 'changed' })
        return true
      },
    })
    expect(changeIdentity(request(signIn(alice), fenced))).toMatchObject({ kind: 'unchanged' })
    expect(identity()).toEqual({ anon_id: 'fresh-2', linked_principal_id: null })
  })
})

describe('setDamagedAside()', () => {
  test('setDamagedAside() moves the bytes, and keeps the newest five copies', () => {
    for (let n = 0; n < 8; n++) {
      writeFileSync(paths.usage, `damaged ${n}`)
      expect(setDamagedAside(paths, () => true, 1_800_000_000_000 + n)).toEqual({ kind: 'repaired' })
      expect(existsSync(paths.usage)).toBe(false)
    }
    const copies = damagedCopies(paths.usage)
    expect(copies.map((path) => readFileSync(path, 'utf8'))).toEqual([3, 4, 5, 6, 7].map((n) => `damaged ${n}`))
  })

  test('setDamagedAside() leaves what is whole, absent, forbidden or locked', () => {
    given(null)
    expect(setDamagedAside(paths, () => true, 1)).toEqual({ kind: 'not-damaged' })
    writeFileSync(paths.usage, 'damaged')
    expect(setDamagedAside(paths, () => false, 1)).toEqual({ kind: 'failed', reason: 'off' })
    holdLock()
    expect(setDamagedAside(paths, () => true, 1)).toEqual({ kind: 'failed', reason: 'busy' })
    expect(readFileSync(paths.usage, 'utf8')).toBe('damaged')
  })
})
