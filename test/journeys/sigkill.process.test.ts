/** Logins and logouts killed after every single change they make on disk, and at random moments. */
import { existsSync, readFileSync, statSync, utimesSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type Account, makeAccount } from '../support/account.ts'
import type { FakeEvent } from '../support/fake-posthog.ts'
import { program } from '../support/run.ts'
import { waitUntil } from '../support/wait-until.ts'

const PRELOAD = `--require=${program('kill-at.cjs')}`
const RANDOM_MOMENTS = 25
const AT_A_TIME = 4

/** `change`: after that many changes of files. `ms`: so long after its start. */
type Moment = { readonly change: number } | { readonly ms: number }

async function killed(account: Account, args: readonly string[], moment: Moment): Promise<boolean> {
  const how = 'change' in moment ? { NODE_OPTIONS: PRELOAD, KILL_AT: String(moment.change) } : {}
  const running = account.start(args, { NAME: 'killed', ...how })
  if ('ms' in moment) setTimeout(() => running.child.kill('SIGKILL'), moment.ms)
  const end = await running.finished
  account.identity() // whole, or it throws
  letTheLockAge(account)
  return end.signal === 'SIGKILL'
}

/**
 * As if two seconds had passed: a killed holder's lock is then taken over. A login that comes sooner waits for it within its box,
 * which on a busy machine may not be enough; that it waits at all is file-lock.process.test.ts's.
 */
function letTheLockAge(account: Account): void {
  const lock = `${account.home.layout.usage}.lock`
  const past = new Date(Date.now() - 10_000)
  if (existsSync(lock)) utimesSync(lock, past, past)
}

/** What the command changes, in order. */
async function changes(account: Account, args: readonly string[]): Promise<readonly string[]> {
  await account.start(args, { NODE_OPTIONS: PRELOAD, KILL_AT: '0' }).finished
  return readFileSync(`${account.home.path}/changes`, 'utf8').trim().split('\n')
}

/** Everything that was recorded has left; each uuid once. */
async function everything(account: Account): Promise<readonly FakeEvent[]> {
  const { home, posthog } = account
  const waiting = (): boolean =>
    home
      .files()
      .some((name) => /(pending|in-flight)\/.*\.json$/.test(name) && sizeOf(`${home.layout.directory}/${name}`) > 0)
  await waitUntil('nothing waits', () => !waiting())
  await home.quiet()
  return [...posthog.acceptedByUuid.values()].map(({ event }) => event)
}

/** A begin record that was killed while it was written is empty; it is dropped, and counted, after a minute. */
function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

/** A kill by the clock may come before the command began, and the first change is the empty file of its record. */
function mayHaveNoEvent(moment: Moment): boolean {
  return 'ms' in moment || moment.change === 1
}

function idsOf(events: readonly FakeEvent[], name: string): readonly string[] {
  return events.filter((event) => event.properties['command_name'] === name).map((event) => event.distinct_id)
}

function aliases(events: readonly FakeEvent[]): readonly string[] {
  return events
    .filter(({ event }) => event === '$create_alias')
    .map((event) => `${String(event.properties['alias'])} is ${event.distinct_id}`)
}

async function inTurns(moments: readonly Moment[], work: (moment: Moment) => Promise<void>): Promise<void> {
  const left = [...moments]
  const turn = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      try {
        await work(next)
      } catch (error) {
        throw new Error(`killed at ${JSON.stringify(next)}`, { cause: error })
      }
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, turn))
}

function randomMoments(wallMs: number): readonly Moment[] {
  return Array.from({ length: RANDOM_MOMENTS }, () => ({ ms: Math.random() * wallMs }))
}

async function killLogin(moment: Moment): Promise<void> {
  const account = await makeAccount()
  await account.other('return', { NAME: 'before' })
  const { anon_id } = account.identity()
  const wasKilled = await killed(account, ['login', 'key-alice'], moment)
  await account.login('key-alice', 'return', { NAME: 'again' })
  expect(account.identity()).toEqual({ anon_id, linked_principal_id: 'user-alice' })
  await account.other('return', { NAME: 'after' })
  const events = await everything(account)
  expect(aliases(events)).toEqual([`${anon_id} is user-alice`])
  expect(idsOf(events, 'before')).toEqual([anon_id])
  expect(idsOf(events, 'again')).toEqual(['user-alice'])
  expect(idsOf(events, 'after')).toEqual(['user-alice'])
  const ids = idsOf(events, 'killed')
  expect(ids.length === 1 || (ids.length === 0 && wasKilled && mayHaveNoEvent(moment))).toBe(true)
  for (const id of ids) expect([anon_id, 'user-alice']).toContain(id)
}

async function killLogout(moment: Moment): Promise<void> {
  const account = await makeAccount()
  await account.login('key-alice', 'return', { NAME: 'before' })
  const first = account.identity().anon_id
  const wasKilled = await killed(account, ['logout'], moment)
  if (!wasKilled) expect(account.identity().linked_principal_id).toBeNull()
  await account.logout('return', { NAME: 'again' })
  const second = account.identity()
  expect(second.linked_principal_id).toBeNull()
  expect(second.anon_id).not.toBe(first)
  await account.login('key-bob', 'return', { NAME: 'bob' })
  const events = await everything(account)
  expect(account.identity().linked_principal_id).toBe('user-bob')
  expect(aliases(events).toSorted()).toEqual([`${first} is user-alice`, `${second.anon_id} is user-bob`].toSorted())
  expect(idsOf(events, 'before')).toEqual(['user-alice'])
  expect(idsOf(events, 'bob')).toEqual(['user-bob'])
  expect(idsOf(events, 'again')).toHaveLength(1)
  // Signed out already, it is anonymous, under an id that was nobody's when it began.
  expect([first, 'user-bob']).not.toContain(idsOf(events, 'again')[0])
  const ids = idsOf(events, 'killed')
  expect(ids.length === 1 || (ids.length === 0 && wasKilled && mayHaveNoEvent(moment))).toBe(true)
  for (const id of ids) expect(id).toBe('user-alice')
}

describe.each([
  ['login', ['login', 'key-alice'], killLogin],
  ['logout', ['logout'], killLogout],
] as const)('a %s killed', (act, args, kill) => {
  const prepared = async (): Promise<Account> => {
    const account = await makeAccount()
    await (act === 'login' ? account.other() : account.login('key-alice'))
    return account
  }
  test('after each change it makes on disk: nothing torn, lost, doubled or misattributed', async () => {
    const made = await changes(await prepared(), args)
    expect(made.some((change) => change.startsWith('renameSync') && change.includes('usage.json'))).toBe(true)
    await inTurns(
      made.map((_, index) => ({ change: index + 1 })),
      kill,
    )
  })

  test('at 25 random moments: nothing torn, lost, doubled or misattributed', async () => {
    const { wallMs } = await (await prepared()).start(args).finished
    await inTurns(randomMoments(wallMs), kill)
  })
})
