/**
 * Random interleavings of real processes: commands, long commands, logins, logouts, `off`, `on` and kills, several at a time.
 *
 * The model knows only when each process started and ended, as seen from outside, and asks what is possible: a person can have been
 * signed in at a moment if a login of theirs had started by then and nothing that started after its end had ended before it.
 */
import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { readIdentity } from '../../src/identity/identity-file.ts'
import { REPORTER_LIMITS } from '../../src/reporter/limits.ts'
import { type Account, makeAccount } from '../support/account.ts'
import type { FakeEvent } from '../support/fake-posthog.ts'
import { program, runNode, type Running } from '../support/run.ts'
import { waitUntil } from '../support/wait-until.ts'

type Person = 'user-alice' | 'user-bob'
type Act =
  | { readonly kind: 'other' | 'logout' | 'off' | 'on' }
  | { readonly kind: 'login'; readonly person: Person }
  | {
      readonly kind: 'killed'
      readonly act: 'other' | 'logout' | 'login'
      readonly person: Person
      readonly ms: number
    }
type Step = { readonly kind: 'at-once'; readonly acts: readonly Act[] } | { readonly kind: 'open' | 'close' | 'kill' }

/** One process, and what it was to do. `end` is Infinity while it runs; `surely` is false when it was killed. */
interface Did {
  readonly name: string
  readonly act: 'other' | 'login' | 'logout' | 'off' | 'on'
  readonly person: Person | null
  readonly start: number
  /** By then it had read who is there. */
  read: number
  end: number
  surely: boolean
}

const person = fc.constantFrom<Person>('user-alice', 'user-bob')
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('other', 'logout') }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('login'), person }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('off', 'on') }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('killed'),
      act: fc.constantFrom('other', 'logout', 'login'),
      person,
      ms: fc.integer({ min: 20, max: 250 }),
    }),
  },
)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('at-once'), acts: fc.array(act, { minLength: 2, maxLength: 4 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('open', 'open', 'close', 'kill') }) },
)

const isReset = (did: Did): boolean => did.act === 'logout' || did.act === 'off'

/** Whether it may have run, wholly or in part, while the stored choice was no: then it may have changed nothing. */
function mayBeSilenced(did: Did, history: readonly Did[]): boolean {
  return history.some(
    (off) =>
      off.act === 'off' &&
      off.start < did.end &&
      !history.some((on) => on.act === 'on' && on.surely && on.start > off.end && on.end < did.start),
  )
}

/** Whether nothing that surely undoes it lies wholly between it and the interval. */
function lasts(did: { readonly end: number }, until: number, undoing: readonly Did[]): boolean {
  return !undoing.some((other) => other.start > did.end && other.end < until)
}

/** Who can have been signed in at some moment of the interval; null: nobody. */
function possible(history: readonly Did[], from: number, to: number): ReadonlySet<Person | null> {
  const who = new Set<Person | null>()
  const changes = history.filter((did) => did.act === 'login' || isReset(did))
  const sure = changes.filter((did) => did.surely && (did.act === 'off' || !mayBeSilenced(did, history)))
  for (const login of changes.filter((did) => did.act === 'login')) {
    const undoing = sure.filter((other) => other !== login && (isReset(other) || other.person !== login.person))
    if (login.start <= to && lasts(login, from, undoing)) who.add(login.person)
  }
  const resets = [{ start: 0, end: 0 }, ...changes.filter(isReset)]
  const sureLogins = sure.filter((did) => did.act === 'login')
  for (const reset of resets) if (reset.start <= to && lasts(reset, from, sureLogins)) who.add(null)
  // A killed login leaves a lock that a later one may not outwait: that one's link is then made by nobody.
  if (changes.some((did) => !did.surely)) who.add(null)
  return who
}

class World {
  readonly history: Did[] = []
  readonly #account: Account
  readonly #open: { readonly did: Did; readonly running: Running; readonly gate: string }[] = []

  constructor(account: Account) {
    this.#account = account
  }

  async take(next: Step): Promise<void> {
    switch (next.kind) {
      case 'at-once':
        await Promise.all(next.acts.map((each) => this.#one(each)))
        return
      case 'open': {
        const gate = `${this.#account.home.path}/gate-${this.history.length}`
        const did = this.#begin('other', null)
        const running = this.#account.start(['other'], { NAME: did.name, GATE: gate, PRINCIPAL: '() => null' })
        await running.said('worked')
        did.read = performance.now()
        this.#open.push({ did, running, gate })
        return
      }
      case 'close':
      case 'kill': {
        const long = this.#open.shift()
        if (long === undefined) return
        if (next.kind === 'close') writeFileSync(long.gate, '')
        else long.running.child.kill('SIGKILL')
        await this.#ended(long.did, long.running)
      }
    }
  }

  async closeAll(): Promise<void> {
    while (this.#open.length > 0) await this.take({ kind: 'close' })
  }

  async #one(what: Act): Promise<void> {
    if (what.kind === 'on' || what.kind === 'off') {
      const did = this.#begin(what.kind, null)
      const end = await runNode([program('off.mjs'), what.kind], { env: this.#account.home.env() })
      expect(JSON.parse(end.stdout)).toMatchObject({ kind: 'stored' })
      did.end = performance.now()
      return
    }
    const kind = what.kind === 'killed' ? what.act : what.kind
    const who = kind === 'login' && 'person' in what ? what.person : null
    const did = this.#begin(kind, who)
    const running = this.#account.start([kind, who ?? ''], {
      NAME: did.name,
      PRINCIPAL: who === null ? '() => null' : `async () => '${who}'`,
    })
    if (what.kind === 'killed') setTimeout(() => running.child.kill('SIGKILL'), what.ms)
    await this.#ended(did, running)
  }

  #begin(kind: Did['act'], who: Person | null): Did {
    const start = performance.now()
    const name = `${kind}.${this.history.length}`
    const did: Did = { name, act: kind, person: who, start, read: Infinity, end: Infinity, surely: true }
    this.history.push(did)
    return did
  }

  async #ended(did: Did, running: Running): Promise<void> {
    const end = await running.finished
    did.end = performance.now()
    did.read = Math.min(did.read, did.end)
    did.surely = end.signal === null
    if (did.surely) expect(end).toMatchObject({ code: 0, stdout: 'worked\n', stderr: '' })
  }
}

function checkCommands(history: readonly Did[], events: readonly FakeEvent[]): void {
  const commands = history.filter((did) => did.act !== 'off' && did.act !== 'on')
  for (const did of commands) {
    const mine = events.filter((event) => event.properties['command_name'] === did.name)
    const offs = history.filter((other) => other.act === 'off')
    const erased = offs.some((off) => off.end > did.start)
    const silenced = mayBeSilenced(did, history)
    expect(mine.length, `${did.name} doubled`).toBeLessThanOrEqual(1)
    if (did.surely && !erased && !silenced) expect(mine.length, `${did.name} lost`).toBe(1)
    const surelyOff = offs.some(
      (off) =>
        off.end < did.start && !history.some((on) => on.act === 'on' && on.start < did.end && on.end > off.start),
    )
    if (surelyOff) expect(mine.length, `${did.name} sent in spite of a no`).toBe(0)
    for (const event of mine) checkWho(did, event, history)
  }
}

function checkWho(did: Did, event: FakeEvent, history: readonly Did[]): void {
  const others = history.filter((other) => other !== did)
  const isAnon = event.properties['$process_person_profile'] === false
  const who = isAnon ? null : event.distinct_id
  // A logout is booked to whom it signed out: whoever is there until it ends.
  const seen = possible(others, did.start, did.act === 'logout' ? did.end : did.read)
  const allowed: (string | null)[] = did.act === 'login' && did.surely ? [did.person] : [...seen, did.person]
  expect(allowed, `${did.name} is booked to ${event.distinct_id}`).toContain(who)
}

function checkAliases(history: readonly Did[], events: readonly FakeEvent[]): void {
  const owners = new Map<unknown, Set<string>>()
  for (const event of events.filter(({ event }) => event === '$create_alias')) {
    const alias = event.properties['alias']
    owners.set(alias, (owners.get(alias) ?? new Set()).add(event.distinct_id))
    expect(history.map((did) => did.person)).toContain(event.distinct_id)
    expect(event.properties).not.toHaveProperty('$process_person_profile')
  }
  for (const [alias, people] of owners) expect([...people], `the people of ${String(alias)}`).toHaveLength(1)
}

/**
 * Runs a last command, which has everything sent. Who was killed between the lock and its reporter leaves a lock that ages for 12 s: as if
 * they had passed, the next one takes it. (A record that was killed before its first byte is none; it is swept after a minute.)
 */
async function settle(account: Account): Promise<void> {
  const { home } = account
  const waits = (): number => home.pending().length + home.inFlight().filter((record) => record !== null).length
  for (let run = 1; run <= 2; run++) {
    await account.other('return', { NAME: 'last', PRINCIPAL: '() => null' })
    await home.quiet()
    if (waits() === 0) return
    expect(home.files(), 'something waits, and nobody holds the lock').toContain('telemetry/reporter.lock')
    const before = new Date(Date.now() - REPORTER_LIMITS.lockStaleMs - 1_000)
    utimesSync(home.layout.reporterLock, before, before)
  }
  expect(waits(), 'what waits after two commands').toBe(0)
}

test('identity of random interleavings of real processes: nobody’s event is somebody else’s, no logout and no off is undone', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 12 }), async (steps) => {
      const account = await makeAccount({ TOLD: 'no', AUTH: '' })
      const { home, posthog } = account
      const world = new World(account)
      let over = false
      const whole = waitUntil('it is over', () => {
        expect(readIdentity(home.layout.usage).kind).toMatch(/^(identity|absent)$/)
        return over
      })
      whole.catch(() => undefined)
      for (const next of steps) await world.take(next)
      await world.closeAll()
      over = true
      await whole

      const now = performance.now()
      const last = readIdentity(home.layout.usage)
      if (last.kind === 'identity')
        expect([...possible(world.history, now, now)]).toContain(last.identity.linked_principal_id)
      const isOff = existsSync(home.layout.consent) && readFileSync(home.layout.consent, 'utf8').includes('off')
      if (isOff) expect(home.files().filter((name) => /usage|pending|principal/.test(name))).toEqual([])
      else await settle(account)
      await home.quiet()
      const events = [...posthog.acceptedByUuid.values()].map(({ event }) => event)
      checkCommands(world.history, events)
      checkAliases(world.history, events)
    }),
    { numRuns: 15, endOnFailure: true, interruptAfterTimeLimit: 55_000 },
  )
})
