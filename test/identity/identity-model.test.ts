/**
 * Thousands of random interleavings against the pure functions: commands begin, hosts sign people in and out (through the tracker or
 * behind its back), look-ups answer late or never, and ends come in any order. The tracker's glue is rewritten here in a few lines;
 * test/journeys/identity-interleavings.process.test.ts does the same with the real one.
 */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { decideAtBegin } from '../../src/identity/decide-at-begin.ts'
import { decideIdentityChange, type IdentityEvent } from '../../src/identity/decide-change.ts'
import { type AnonId, type Identity, type PrincipalId, resolveDistinctId } from '../../src/identity/identity.ts'
import {
  isOvertaken,
  isRetryWaiting,
  NO_PRINCIPAL_FILE,
  type PrincipalFile,
} from '../../src/identity/principal-file.ts'

type Person = 'alice' | 'bob' | 'carol'
type Step =
  | { readonly kind: 'begin'; readonly slot: number; readonly answers: boolean }
  | { readonly kind: 'login'; readonly slot: number; readonly person: Person; readonly answers: boolean }
  | { readonly kind: 'logout'; readonly slot: number }
  | { readonly kind: 'end'; readonly slot: number }
  /** The host's credential is changed without the tracker. */
  | { readonly kind: 'behind'; readonly person: Person | null }
  | { readonly kind: 'copied' }

const slot = fc.integer({ min: 0, max: 3 })
const person = fc.constantFrom<Person>('alice', 'bob', 'carol')
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('begin'), slot, answers: fc.boolean() }),
  fc.record({ kind: fc.constant('login'), slot, person, answers: fc.boolean() }),
  fc.record({ kind: fc.constant('logout'), slot }),
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('end'), slot }) },
  fc.record({ kind: fc.constant('behind'), person: fc.option(person) }),
  fc.record({ kind: fc.constant('copied') }),
)

interface Command {
  readonly act: 'other' | 'login' | 'logout'
  readonly identity: Identity
  readonly toldAt: string
  /** Of the host, when it began or when its login succeeded. */
  readonly credential: string | null
  /** What its look-up says, if it makes one that answers in time. */
  readonly principal: PrincipalId | null
  readonly asks: boolean
  readonly distinctId: string
  /** Who was signed in when it began, as far as the tracker could be told. */
  readonly owner: string | null
}

/** A credential is its owner's name and a number. */
const ownerOf = (credential: string | null): PrincipalId | null =>
  (credential?.split('#')[0] ?? null) as PrincipalId | null

class Machine {
  identity: Identity = { anon_id: 'anon-0' as AnonId, linked_principal_id: null }
  file: PrincipalFile = { ...NO_PRINCIPAL_FILE, machine: 'here' }
  credential: string | null = null
  /** Who was signed in by the last login or logout, whether or not anybody could name them yet. */
  told: PrincipalId | null = null
  readonly tells: boolean
  readonly aliases = new Map<string, Set<string>>()
  readonly running = new Map<number, Command>()
  readonly #copied = new Set<string>()
  #clock = Date.parse('2026-01-01T00:00:00Z')
  #count = 0

  constructor(tells: boolean) {
    this.tells = tells
  }

  take(next: Step): void {
    this.#clock += 1
    switch (next.kind) {
      case 'begin':
        return this.#begin(next.slot, next.answers)
      case 'login':
        if (this.running.has(next.slot)) return
        this.credential = `${next.person}#${++this.#count}`
        return this.#told(next.slot, 'login', next.answers ? ownerOf(this.credential) : null)
      case 'logout':
        if (this.running.has(next.slot)) return
        this.credential = null
        return this.#told(next.slot, 'logout', null)
      case 'end':
        return this.#end(next.slot)
      case 'behind':
        if (this.tells) this.credential = next.person === null ? null : `${next.person}#${++this.#count}`
        return
      case 'copied':
        this.#copied.add(this.identity.anon_id)
        this.file = { ...this.file, machine: 'elsewhere' }
    }
  }

  #now(): string {
    return new Date(this.#clock).toISOString()
  }

  #begin(at: number, answers: boolean): void {
    if (this.running.has(at)) return
    const linked = this.identity.linked_principal_id !== null
    const credential = this.tells ? this.credential : null
    const due = decideAtBegin({
      linked,
      canAsk: true,
      credential: !this.tells ? 'not-told' : credential === null ? 'none' : 'text',
      sameCredential: () => this.file.credential_hash === credential,
      retryWaiting: isRetryWaiting(this.file, this.#clock),
    })
    if (due === 'sign-out') this.#change({ kind: 'signed-out', toldAt: this.#now() })
    const asks = due === 'look-up'
    this.running.set(at, {
      act: 'other',
      identity: this.identity,
      toldAt: this.#now(),
      credential,
      principal: asks && answers ? ownerOf(this.credential) : null,
      asks,
      distinctId: asks && linked ? this.#fresh() : resolveDistinctId(this.identity).distinctId,
      // Without credential() a login is known of when it has ended; until then the link is all there is to go by.
      owner: this.tells ? ownerOf(this.credential) : this.identity.linked_principal_id,
    })
  }

  /** The host's login or logout succeeded; the tracker acts on it when the command ends. */
  #told(at: number, act: 'login' | 'logout', principal: PrincipalId | null): void {
    this.told = ownerOf(this.credential)
    const credential = this.tells ? this.credential : null
    const distinctId = resolveDistinctId(this.identity).distinctId
    const owner = this.identity.linked_principal_id
    const { identity } = this
    this.running.set(at, { act, identity, toldAt: this.#now(), credential, principal, asks: true, distinctId, owner })
  }

  #end(at: number): void {
    const command = this.running.get(at)
    if (command === undefined) return
    this.running.delete(at)
    const booked = this.#bookedTo(command)
    if (booked.startsWith('anon-')) return
    const allowed = [command.owner, command.principal, command.identity.linked_principal_id]
    expect(command.act === 'logout' ? [...allowed, booked] : allowed).toContain(booked)
    // An ordinary command is booked to nobody but who was signed in when it began, or whom its own look-up named.
    if (command.act === 'other') expect([command.owner, command.principal]).toContain(booked)
  }

  #bookedTo(command: Command): string {
    const { act, toldAt, principal, credential, identity, asks } = command
    if (act === 'logout') {
      const before = this.identity.linked_principal_id
      this.#change({ kind: 'signed-out', toldAt })
      return before ?? command.distinctId
    }
    if (!asks) return command.distinctId
    const retryAfter = new Date(this.#clock + 300_000).toISOString()
    const event: IdentityEvent =
      principal === null
        ? { kind: 'principal-unknown', toldAt, credentialHash: credential, retryAfter }
        : { kind: 'signed-in', toldAt, principal, credentialHash: credential }
    if (act === 'login') {
      if (this.tells && this.credential !== credential) this.#unlinkOthers(identity, principal)
      else this.#change(event)
      return principal ?? 'anon-of-login'
    }
    if (principal === null && credential === null && identity.linked_principal_id === null) return command.distinctId
    if (this.#isStill(identity)) this.#change(event)
    return principal ?? command.distinctId
  }

  #unlinkOthers(begin: Identity, principal: PrincipalId | null): void {
    if (begin.linked_principal_id !== null && begin.linked_principal_id !== principal && this.#isStill(begin))
      this.#change({ kind: 'signed-out', toldAt: this.#now() })
  }

  #isStill(identity: Identity): boolean {
    const { anon_id, linked_principal_id } = this.identity
    return anon_id === identity.anon_id && linked_principal_id === identity.linked_principal_id
  }

  #change(event: IdentityEvent): void {
    const { identity, file } = this
    const overtaken = isOvertaken(file, event.toldAt, this.#clock)
    const state = { identity, madeHere: file.machine === 'here', overtaken }
    const change = decideIdentityChange(state, event, this.#fresh())
    if (change === null) return
    if (change.alias !== null) {
      const { alias, distinctId } = change.alias
      expect(this.#copied).not.toContain(alias)
      expect(identity.linked_principal_id).toBeNull()
      this.aliases.set(alias, (this.aliases.get(alias) ?? new Set()).add(distinctId))
      expect([...(this.aliases.get(alias) ?? [])]).toEqual([distinctId])
    }
    const rotated = change.identity.anon_id !== identity.anon_id
    if (identity.linked_principal_id !== null && change.identity.linked_principal_id !== identity.linked_principal_id)
      expect(rotated).toBe(true)
    this.identity = change.identity
    this.file = {
      ...change.principalFile,
      machine: rotated ? 'here' : file.machine,
      told_at: overtaken ? file.told_at : event.toldAt,
    }
  }

  #fresh(): AnonId {
    return `anon-${++this.#count}` as AnonId
  }
}

test.each([true, false])(
  'identity of random interleavings: an id has one person, an event its own, and nobody outlives a logout (credential() given: %s)',
  (tells) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const machine = new Machine(tells)
        for (const next of steps) machine.take(next)
        for (const at of Array.from(machine.running.keys())) machine.take({ kind: 'end', slot: at })
        // Everything has ended: whoever is linked is who the host spoke of last. Behind its back, the next command sees to it.
        const linked = machine.identity.linked_principal_id
        if (linked === null) return
        if (tells) {
          machine.take({ kind: 'begin', slot: 9, answers: true })
          machine.take({ kind: 'end', slot: 9 })
          expect(machine.identity.linked_principal_id).toBe(ownerOf(machine.credential))
        } else expect(linked).toBe(machine.told)
      }),
      { numRuns: 5000 },
    )
  },
)
