/** Every row of the identity table (docs/architecture.md), with real commands, a real auth server and a PostHog that tells all. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type Account, type Ending, makeAccount } from '../support/account.ts'
import type { AuthFault } from '../support/fake-auth.ts'
import type { FakeEvent } from '../support/fake-posthog.ts'
import { startBlackHole } from '../support/fake-posthog.ts'
import { childrenOf } from '../support/run.ts'
import { TIMED } from '../support/timed.ts'
import { waitUntil } from '../support/wait-until.ts'

const UUID4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const ALICE = 'user-alice'
const BOB = 'user-bob'

function of(events: readonly FakeEvent[], name: string): FakeEvent {
  const found = events.filter((event) => event.properties['command_name'] === name)
  expect(found, `events of '${name}'`).toHaveLength(1)
  return found[0] as FakeEvent
}

function aliases(events: readonly FakeEvent[]): readonly unknown[] {
  return events.filter(({ event }) => event === '$create_alias').map((event) => pairOf(event))
}

function pairOf(event: FakeEvent): { distinct_id: string; alias: unknown } {
  return { distinct_id: event.distinct_id, alias: event.properties['alias'] }
}

function isPersonless(event: FakeEvent): boolean {
  return event.properties['$process_person_profile'] === false
}

/** Like a home that was copied: everything of telemetry is there, and the mark is another machine's. */
function pretendCopied(account: Account, how: 'differs' | 'missing'): void {
  const path = account.home.layout.principal
  if (how === 'missing') return rmSync(path, { force: true })
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), machine: 'f'.repeat(64) }))
}

/** Signed in as `key`, with everything delivered; the id it was anonymous under. */
async function signedIn(account: Account, key: string): Promise<string> {
  await account.other('return', { NAME: 'before' })
  const { anon_id } = account.identity()
  await account.login(key, 'return', { NAME: 'sign-in' })
  expect(account.identity()).toMatchObject({ anon_id, linked_principal_id: expect.any(String) as string })
  await account.events(3)
  return anon_id
}

describe('nobody signed in', () => {
  test('first use makes a random id and books the event to it', async () => {
    const account = await makeAccount()
    await account.other()
    const { anon_id, linked_principal_id } = account.identity()
    expect(anon_id).toMatch(UUID4)
    expect(linked_principal_id).toBeNull()
    const event = of(await account.events(1), 'other')
    expect(event.distinct_id).toBe(anon_id)
    expect(isPersonless(event)).toBe(true)
    expect(account.auth.asked).toEqual([])
  })

  test('anonymous commands share one id and are personless', async () => {
    const account = await makeAccount()
    for (const NAME of ['one', 'two', 'three']) await account.other('return', { NAME })
    const events = await account.events(3)
    expect(new Set(events.map((event) => event.distinct_id))).toEqual(new Set([account.identity().anon_id]))
    expect(events.every(isPersonless)).toBe(true)
  })

  test('logout of nobody is recorded and keeps the id', async () => {
    const account = await makeAccount()
    await account.other()
    const before = account.identity()
    await account.logout()
    expect(account.identity()).toEqual(before)
    expect(of(await account.events(2), 'logout').distinct_id).toBe(before.anon_id)
  })
})

describe('login', () => {
  const endings: readonly Ending[] = ['return', 'exit', 'begin', 'nested', 'nested-exit']

  test.each(endings)('login by %s merges the anonymous history before its own event', async (how) => {
    const account = await makeAccount()
    await account.other('return', { NAME: 'before' })
    const { anon_id } = account.identity()
    await account.events(1)
    await account.home.quiet()
    const aliasAt = account.posthog.requests.length
    const end = await account.login('key-alice', how)
    expect(end).toMatchObject({ code: 0, stdout: 'worked\n', stderr: '' })
    // Acknowledged by the time the command is over, alone in its request and before the login's own event left.
    expect(account.auth.asked).toHaveLength(1)
    const request = account.posthog.requests[aliasAt]
    // Only a machine so busy that the box of 2 s was used up leaves it to the reporter.
    if (end.wallMs < 2000) expect(request?.events.map(({ event }) => event)).toEqual(['$create_alias'])
    expect(account.identity()).toEqual({ anon_id, linked_principal_id: ALICE })
    await account.other('return', { NAME: 'after' })
    const events = await account.events(4)
    expect(aliases(events)).toEqual([{ distinct_id: ALICE, alias: anon_id }])
    expect(events.map(({ event }) => event).indexOf('$create_alias')).toBe(1)
    for (const name of ['login', 'after']) expect(of(events, name).distinct_id).toBe(ALICE)
    for (const event of events.slice(1)) expect(event.properties).not.toHaveProperty('$process_person_profile')
    expect(of(events, 'before').distinct_id).toBe(anon_id)
    expect(account.posthog.acceptedEvents).toHaveLength(4)
  })

  test('login as the first command of all merges too', async () => {
    const account = await makeAccount()
    await account.login('key-alice')
    const events = await account.events(2)
    expect(aliases(events)).toEqual([{ distinct_id: ALICE, alias: account.identity().anon_id }])
  })

  test('login again as the same principal changes and sends nothing but its event', async () => {
    const account = await makeAccount()
    const anon = await signedIn(account, 'key-alice')
    await account.login('key-alice-2')
    expect(account.identity()).toEqual({ anon_id: anon, linked_principal_id: ALICE })
    const events = await account.events(4)
    expect(aliases(events)).toHaveLength(1)
    expect(of(events, 'login').distinct_id).toBe(ALICE)
  })

  test.each(endings)('login by %s as another principal rotates the anonymous id and merges nothing', async (how) => {
    const account = await makeAccount()
    const anon = await signedIn(account, 'key-alice')
    await account.login('key-bob', how)
    const { anon_id, linked_principal_id } = account.identity()
    expect(linked_principal_id).toBe(BOB)
    expect(anon_id).not.toBe(anon)
    expect(anon_id).toMatch(UUID4)
    const events = await account.events(4)
    expect(aliases(events)).toEqual([{ distinct_id: ALICE, alias: anon }])
    expect(of(events, 'login').distinct_id).toBe(BOB)
  })

  test.each(['differs', 'missing'] as const)(
    'login where the machine mark %s rotates and merges nothing',
    async (how) => {
      const account = await makeAccount()
      await account.other()
      const { anon_id } = account.identity()
      pretendCopied(account, how)
      await account.login('key-alice')
      expect(account.identity().linked_principal_id).toBe(ALICE)
      expect(account.identity().anon_id).not.toBe(anon_id)
      const events = await account.events(2)
      expect(aliases(events)).toEqual([])
      expect(of(events, 'login').distinct_id).toBe(ALICE)
    },
  )

  test('login that fails changes nothing and is booked to whoever was there', async () => {
    const account = await makeAccount()
    await signedIn(account, 'key-alice')
    const before = account.identity()
    await account.login('key-alice', 'throw')
    expect(account.identity()).toEqual(before)
    expect(of(await account.events(4), 'login').distinct_id).toBe(ALICE)
  })

  test('login inside a command that fails afterwards is a login all the same', async () => {
    const account = await makeAccount({ TOLD: 'no' })
    await signedIn(account, 'key-alice')
    const end = await account.login('key-bob', 'nested-then-throw')
    expect(end.code).toBe(1)
    expect(end.stderr).toContain('the outer one broke')
    expect(account.identity().linked_principal_id).toBe(BOB)
    const event = of(await account.events(4), 'login')
    expect(event.properties['outcome']).toBe('error')
    expect(event.distinct_id).toBe(BOB)
  })

  test('login inside a command, where the login fails, is none', async () => {
    const account = await makeAccount()
    await account.login('key-alice', 'nested-throw')
    expect(account.identity().linked_principal_id).toBeNull()
    expect(account.auth.asked).toEqual([])
  })

  test('login of a user whom PostHog knows already (merge refused there) is done, and not tried again', async () => {
    // PostHog answers {"status":"Ok"} whatever becomes of a merge, so a refusal cannot be seen and must not be waited for.
    const account = await makeAccount()
    const anon = await signedIn(account, 'key-alice')
    await account.other()
    await account.login('key-alice', 'return', { NAME: 'again' })
    const events = await account.events(5)
    expect(aliases(events)).toEqual([{ distinct_id: ALICE, alias: anon }])
    expect(account.identity().linked_principal_id).toBe(ALICE)
  })

  const principals: readonly [string, string, string | null][] = [
    ['a text', `() => '${BOB}'`, BOB],
    ['a promise', `async () => '${BOB}'`, BOB],
    ['null', '() => null', null],
    ['undefined', '() => undefined', null],
    ['a number', '() => 42', null],
    ['an id that PostHog calls illegal', "() => 'Anonymous'", null],
    ['an id of 201 characters', "() => 'x'.repeat(201)", null],
    ['an exception', "() => { throw new Error('no') }", null],
    ['a rejection', "() => Promise.reject(new Error('no'))", null],
    ['an object without url', '() => ({})', null],
    ['a look-up without credential', "() => ({ url: 'http://127.0.0.1:9/', credential: null })", null],
    ['a look-up that is no address', "() => ({ url: 'nonsense', credential: 'x' })", null],
    ['a look-up that nobody answers', "() => ({ url: 'http://127.0.0.1:9/', credential: 'x' })", null],
  ]
  test.each(principals)('login with principal() giving %s', async (_, PRINCIPAL, principal) => {
    const account = await makeAccount({ PRINCIPAL })
    const end = await account.login('key-bob')
    expect(end).toMatchObject({ code: 0, stderr: '' })
    expect(account.identity().linked_principal_id).toBe(principal)
    const events = await account.events(principal === null ? 1 : 2)
    expect(of(events, 'login').distinct_id).toBe(principal ?? account.identity().anon_id)
  })
})

describe('signed in', () => {
  test('linked commands are the principal’s and ask nobody anything', async () => {
    const account = await makeAccount()
    await signedIn(account, 'key-alice')
    const asked = account.auth.asked.length
    for (const NAME of ['one', 'two', 'three']) await account.other('return', { NAME })
    const events = await account.events(6)
    for (const name of ['one', 'two', 'three']) {
      expect(of(events, name).distinct_id).toBe(ALICE)
      expect(of(events, name).properties).not.toHaveProperty('$process_person_profile')
    }
    expect(account.auth.asked).toHaveLength(asked)
  })

  test('linked commands of a host without credential() never ask again', async () => {
    const account = await makeAccount({ TOLD: 'no' })
    await account.login('key-alice')
    const asked = account.auth.asked.length
    account.setKey('key-bob')
    await account.other()
    expect(of(await account.events(3), 'other').distinct_id).toBe(ALICE)
    expect(account.auth.asked).toHaveLength(asked)
  })

  test.each(['return', 'exit', 'begin', 'nested', 'nested-exit'] as const)(
    'logout by %s is still the principal’s, and leaves a new anonymous id',
    async (how) => {
      const account = await makeAccount()
      const anon = await signedIn(account, 'key-alice')
      await account.logout(how)
      const { anon_id, linked_principal_id } = account.identity()
      expect(linked_principal_id).toBeNull()
      expect(anon_id).toMatch(UUID4)
      expect(anon_id).not.toBe(anon)
      await account.other()
      const events = await account.events(5)
      expect(of(events, 'logout').distinct_id).toBe(ALICE)
      expect(of(events, 'other').distinct_id).toBe(anon_id)
    },
  )

  test('logout that fails leaves the principal signed in', async () => {
    const account = await makeAccount()
    await signedIn(account, 'key-alice')
    account.setKey('key-alice')
    const before = account.identity()
    await account.logout('throw', { SET: 'key-alice' })
    expect(account.identity()).toEqual(before)
  })

  test('login of another person after a logout merges only what came after it', async () => {
    const account = await makeAccount()
    const first = await signedIn(account, 'key-alice')
    await account.logout()
    await account.other()
    const second = account.identity().anon_id
    await account.login('key-bob')
    expect(aliases(await account.events(7))).toEqual([
      { distinct_id: ALICE, alias: first },
      { distinct_id: BOB, alias: second },
    ])
  })
})

/** An ordinary command that lasts until `until` is true. */
async function slowCommand(account: Account, NAME: string, until: () => boolean): Promise<void> {
  const GATE = `${account.home.path}/gate-${NAME}`
  const running = account.start(['other'], { NAME, GATE })
  await running.said('worked')
  await waitUntil('the look-up was made', until)
  await waitUntil('the look-up child is gone', () => childrenOf(running.pid).length === 0)
  writeFileSync(GATE, '')
  expect((await running.finished).code).toBe(0)
}

describe('the credential changed behind our back', () => {
  test('a credential that appeared is looked up by a command that lasts, and merged by the reporter', async () => {
    const account = await makeAccount()
    await account.other('return', { NAME: 'before' })
    const { anon_id } = account.identity()
    await account.events(1)
    await account.home.quiet()
    account.setKey('key-alice')
    await slowCommand(account, 'slow', () => account.auth.asked.length === 1)
    expect(account.identity()).toEqual({ anon_id, linked_principal_id: ALICE })
    const events = await account.events(3)
    expect(aliases(events)).toEqual([{ distinct_id: ALICE, alias: anon_id }])
    expect(of(events, 'slow').distinct_id).toBe(ALICE)
    const batch = account.posthog.requests.find((request) => request.events.some((e) => e.event === '$create_alias'))
    expect(batch?.events[0]?.event).toBe('$create_alias')
    expect(batch?.events.length).toBe(2)
  })

  test('a credential that appeared costs a command that does not last nothing, and it stays anonymous', async () => {
    const account = await makeAccount()
    account.auth.respond('hang')
    account.setKey('key-alice')
    await account.other()
    const { anon_id, linked_principal_id } = account.identity()
    expect(linked_principal_id).toBeNull()
    expect(of(await account.events(1), 'other').distinct_id).toBe(anon_id)
  })

  test('another person’s credential rotates, links and merges nothing', async () => {
    const account = await makeAccount()
    const anon = await signedIn(account, 'key-alice')
    await account.home.quiet()
    account.setKey('key-bob')
    await slowCommand(account, 'slow', () => account.auth.asked.at(-1) === 'key-bob')
    expect(account.identity().linked_principal_id).toBe(BOB)
    expect(account.identity().anon_id).not.toBe(anon)
    const events = await account.events(4)
    expect(of(events, 'slow').distinct_id).toBe(BOB)
    expect(aliases(events)).toHaveLength(1)
  })

  test('another credential of the same person keeps everything, and is asked about once', async () => {
    const account = await makeAccount()
    await signedIn(account, 'key-alice')
    await account.home.quiet()
    const before = account.identity()
    account.setKey('key-alice-2')
    await slowCommand(account, 'slow', () => account.auth.asked.at(-1) === 'key-alice-2')
    const asked = account.auth.asked.length
    await account.other()
    expect(account.identity()).toEqual(before)
    expect(account.auth.asked).toHaveLength(asked)
    const events = await account.events(5)
    expect(of(events, 'slow').distinct_id).toBe(ALICE)
    expect(aliases(events)).toHaveLength(1)
  })

  test('another person’s credential, not looked up in time, is nobody’s: rotated, unlinked, anonymous', async () => {
    const account = await makeAccount()
    const anon = await signedIn(account, 'key-alice')
    account.auth.respond('hang')
    account.setKey('key-bob')
    await account.other()
    const { anon_id, linked_principal_id } = account.identity()
    expect(linked_principal_id).toBeNull()
    expect(anon_id).not.toBe(anon)
    const event = of(await account.events(4), 'other')
    expect(event.distinct_id).toBe(anon_id)
    expect(isPersonless(event)).toBe(true)
  })

  test('a credential that disappeared is a logout, before the command’s own event', async () => {
    const account = await makeAccount()
    const anon = await signedIn(account, 'key-alice')
    account.setKey(null)
    await account.other()
    const { anon_id, linked_principal_id } = account.identity()
    expect(linked_principal_id).toBeNull()
    expect(anon_id).not.toBe(anon)
    expect(of(await account.events(4), 'other').distinct_id).toBe(anon_id)
  })

  test('a command killed while the link was in doubt is nobody’s', async () => {
    const account = await makeAccount()
    const anon = await signedIn(account, 'key-alice')
    account.auth.respond('hang')
    account.setKey('key-bob')
    const running = account.start(['other'], { NAME: 'killed', GATE: '/nowhere/at/all' })
    await running.said('worked')
    running.child.kill('SIGKILL')
    await running.finished
    account.setKey(null)
    await account.other()
    const event = of(await account.events(5), 'killed')
    expect([ALICE, BOB, anon]).not.toContain(event.distinct_id)
    expect(isPersonless(event)).toBe(true)
  })

  test('no credential(): principal() is asked while nobody is linked', async () => {
    const account = await makeAccount({ TOLD: 'no' })
    account.setKey('key-alice')
    await slowCommand(account, 'slow', () => account.auth.asked.length === 1)
    expect(account.identity().linked_principal_id).toBe(ALICE)
    await account.other()
    expect(account.auth.asked).toHaveLength(1)
  })
})

const FAULTS: readonly AuthFault[] = [
  'hang',
  'stalled-body',
  'not-json',
  'no-id',
  'illegal-id',
  'redirect',
  'huge',
  'reset',
  401,
  500,
]

describe('the look-up fails', () => {
  test.each(FAULTS)('login, auth server: %s, is anonymous, silent, and unlinks whoever was linked', async (fault) => {
    const account = await makeAccount()
    const anon = await signedIn(account, 'key-alice')
    account.auth.respond(fault)
    const end = await account.login('key-bob')
    expect(end).toMatchObject({ code: 0, stdout: 'worked\n', stderr: '' })
    const { anon_id, linked_principal_id } = account.identity()
    expect(linked_principal_id).toBeNull()
    expect(anon_id).not.toBe(anon)
    const event = of(await account.events(4), 'login')
    expect(event.distinct_id).toBe(anon_id)
    expect(isPersonless(event)).toBe(true)
    expect(account.auth.redirected).toBe(0)
    expect(Date.parse(account.principalFile().retry_after ?? '')).toBeGreaterThan(Date.now())
  })

  test('login by exit, auth server: 500, is anonymous, silent, and unlinks', async () => {
    const account = await makeAccount()
    await signedIn(account, 'key-alice')
    account.auth.respond(500)
    await account.login('key-bob', 'exit')
    expect(account.identity().linked_principal_id).toBeNull()
    expect(of(await account.events(4), 'login').distinct_id).toBe(account.identity().anon_id)
  })

  test.each(['yes', 'no'])(
    'a failed look-up is not repeated for the same credential before retry_after (credential() given: %s)',
    async (TOLD) => {
      const account = await makeAccount({ TOLD })
      account.auth.respond(500)
      account.setKey('key-alice')
      await slowCommand(account, 'first', () => account.auth.asked.length === 1)
      account.auth.respond(undefined)
      await account.other('return', { NAME: 'second' })
      await account.other('return', { NAME: 'third' })
      expect(account.auth.asked).toHaveLength(1)
      expect(account.identity().linked_principal_id).toBeNull()
      // When it is due, it is made.
      const file = account.principalFile()
      const due = { ...file, retry_after: new Date(Date.now() - 1000).toISOString() }
      writeFileSync(account.home.layout.principal, JSON.stringify(due))
      await slowCommand(account, 'fourth', () => account.auth.asked.length === 2)
      expect(account.identity().linked_principal_id).toBe(ALICE)
    },
  )

  test('another credential does not wait for the retry_after of the one before', async () => {
    const account = await makeAccount()
    account.auth.respond(500)
    account.setKey('key-alice')
    await slowCommand(account, 'first', () => account.auth.asked.length === 1)
    account.auth.respond(undefined)
    account.setKey('key-bob')
    await slowCommand(account, 'second', () => account.auth.asked.length === 2)
    expect(account.identity().linked_principal_id).toBe(BOB)
  })
})

describe('the box of a login', () => {
  /** What a login of this host takes when every server is well. */
  async function healthyMs(how: Ending): Promise<number> {
    const account = await makeAccount()
    await account.other()
    return (await account.login('key-alice', how)).wallMs
  }

  test.each(['return', 'exit'] as const)(
    'login by %s never takes more than 2.3 s longer, auth server and PostHog silent',
    TIMED,
    async (how) => {
      const hole = await startBlackHole()
      const silent = await startBlackHole()
      try {
        const healthy = await healthyMs(how)
        const account = await makeAccount({ AUTH: silent.url, POSTHOG: hole.url })
        await account.other()
        const end = await account.login('key-alice', how)
        expect(end).toMatchObject({ code: 0, stderr: '' })
        expect(end.wallMs).toBeLessThan(2300 + 2 * healthy)
        expect(account.identity().linked_principal_id).toBeNull()
        expect(account.home.pending().map(({ distinct_id }) => distinct_id)).toEqual(
          Array(2).fill(account.identity().anon_id),
        )
      } finally {
        await hole.close()
        await silent.close()
      }
    },
  )

  test('login whose process.exit comes during the look-up gets no second box', TIMED, async () => {
    const healthy = await healthyMs('return')
    const account = await makeAccount()
    account.auth.respond('hang')
    const end = await account.start(['login', 'key-alice'], { EXIT_AFTER: '1500' }).finished
    expect(end.code).toBe(0)
    expect(end.wallMs).toBeLessThan(2300 + 2 * healthy)
    expect(account.identity().linked_principal_id).toBeNull()
  })

  test.each(['return', 'exit'] as const)(
    'login by %s, PostHog silent: linked, the alias durable, and the first of its batch when PostHog is back',
    TIMED,
    async (how) => {
      const healthy = await healthyMs(how)
      const account = await makeAccount()
      account.posthog.respond('hang')
      await account.other()
      const { anon_id } = account.identity()
      const end = await account.login('key-alice', how)
      expect(end.wallMs).toBeLessThan(2300 + 2 * healthy)
      expect(account.identity()).toEqual({ anon_id, linked_principal_id: ALICE })
      expect(account.home.pending().map(({ event }) => event)).toContain('$create_alias')
      await account.home.quiet()
      account.posthog.respond(undefined)
      rmSync(account.home.layout.backoff, { force: true }) // as if its time had passed
      await account.other('return', { NAME: 'after' })
      const events = await account.events(4)
      expect(aliases(events)).toEqual([{ distinct_id: ALICE, alias: anon_id }])
      const batch = account.posthog.requests.find((request) => request.accepted)
      expect(batch?.events[0]?.event).toBe('$create_alias')
      expect(batch?.events[0]?.properties).not.toHaveProperty('$process_person_profile')
      await waitUntil('nothing waits', () => account.home.pending().length === 0)
    },
  )

  test('a signal during the look-up of a login leaves nobody linked whom the host did not name', async () => {
    const account = await makeAccount({ TOLD: 'no' })
    await signedIn(account, 'key-alice')
    account.auth.respond('hang')
    const running = account.start(['login', 'key-bob'])
    await waitUntil('the look-up was made', () => account.auth.asked.at(-1) === 'key-bob')
    running.child.kill('SIGINT')
    expect((await running.finished).signal).toBe('SIGINT')
    expect(account.identity().linked_principal_id).toBeNull()
    expect(of(await account.events(4), 'login').distinct_id).toBe(account.identity().anon_id)
  })
})

describe('late answers', () => {
  test('a look-up begun before a logout of nobody links nobody after it', async () => {
    for (const TOLD of ['yes', 'no']) {
      const account = await makeAccount({ TOLD })
      account.setKey('key-alice')
      const GATE = `${account.home.path}/gate`
      const slow = account.start(['other'], { NAME: 'slow', GATE })
      await slow.said('worked')
      await waitUntil('the look-up was made', () => account.auth.asked.length === 1)
      await waitUntil('the look-up child is gone', () => childrenOf(slow.pid).length === 0)
      await account.logout()
      writeFileSync(GATE, '')
      await slow.finished
      expect(account.identity().linked_principal_id).toBeNull()
      expect(of(await account.events(2), 'slow').distinct_id).toBe(ALICE)
    }
  })

  test('a login overtaken by a later login does not take the link back', async () => {
    for (const TOLD of ['yes', 'no']) {
      // Alice's look-up takes a second and a half; meanwhile Bob signs in.
      const slowly = `() => new Promise((resolve) => setTimeout(resolve, 1500, '${ALICE}'))`
      const account = await makeAccount({ TOLD })
      const first = account.start(['login', 'key-alice'], { NAME: 'first', PRINCIPAL: slowly })
      await first.said('worked')
      await account.login('key-bob', 'return', { NAME: 'second' })
      expect(account.identity().linked_principal_id).toBe(BOB)
      await first.finished
      expect(account.identity().linked_principal_id).toBe(BOB)
      await account.other()
      const events = await account.events(4)
      expect(of(events, 'first').distinct_id).toBe(ALICE)
      expect(of(events, 'other').distinct_id).toBe(BOB)
    }
  })
})
