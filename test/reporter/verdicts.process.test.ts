import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { setTracking } from '../../src/consent/set-tracking.ts'
import { type Backoff, destinationKey } from '../../src/reporter/backoff.ts'
import { REPORTER_LIMITS } from '../../src/reporter/limits.ts'
import { readJournal } from '../../src/spool/journal.ts'
import { anHourLater, isThere, reporterProcesses, runCommand, runReporter } from '../support/acme.ts'
import { enqueueMany, prepareSpool } from '../support/envelopes.ts'
import { type Fault, type FakePostHog, type FakeRequest, startFakePostHog } from '../support/fake-posthog.ts'
import { type Home, makeHome } from '../support/home.ts'

const HOUR_MS = 3_600_000
const POISON = { properties: { command_name: 'poison', outcome: 'ok' } } as const

let home: Home
let posthog: FakePostHog
beforeEach(async () => {
  home = makeHome()
  prepareSpool(home.layout)
  posthog = await startFakePostHog()
  onTestFinished(() => posthog.close())
})

/** One command, and its reporter's whole life. */
async function oneRun(): Promise<void> {
  await runCommand(home, posthog.url)
  await home.quiet()
}

const backoff = (): Backoff =>
  existsSync(home.layout.backoff) ? (JSON.parse(readFileSync(home.layout.backoff, 'utf8')) as Backoff) : {}
const entry = (): Backoff[string] | undefined => backoff()[destinationKey(posthog.url, 'phc_test')]
const aheadMs = (): number => Date.parse(entry()?.not_before ?? '') - Date.now()
const isPoisoned = ({ events }: FakeRequest): boolean =>
  events.some(({ properties }) => properties['command_name'] === 'poison')
const accepted = (): readonly string[] => [...posthog.acceptedByUuid.keys()]

describe('an event that the endpoint refuses', () => {
  it('with 400 is found by halving, journaled and counted; the others are accepted', async () => {
    posthog.respond((request) => (isPoisoned(request) ? { status: 400, body: 'bad\nevent' } : undefined))
    const waiting = enqueueMany(home.layout, 9, (index) => (index === 5 ? POISON : {}))
    await oneRun()
    const poison = waiting[5]?.uuid
    expect(accepted()).toEqual(
      expect.arrayContaining(waiting.map(({ uuid }) => uuid).filter((uuid) => uuid !== poison)),
    )
    expect(accepted()).not.toContain(poison)
    const journal = readJournal(home.layout.journal)
    expect(journal.filter(({ verdict }) => verdict === 'rejected')).toMatchObject([
      { uuid: poison, event: 'CLI execution succeeded', reason: 'http 400: bad event', bytes: expect.any(Number) },
    ])
    expect(journal.filter(({ verdict }) => verdict === 'dropped')).toMatchObject([{ uuid: null, event: '1 events' }])
    const told = posthog.acceptedEvents.filter(({ event }) => event === 'telemetry dropped')
    expect(told).toHaveLength(1)
    expect(told[0]?.properties).toMatchObject({ dropped: 1, dropped_rejected: 1, dropped_commands: 1 })
    expect(home.pending()).toEqual([])
    expect(backoff()).toEqual({})
  })

  it('with 400, whatever it is, costs a few requests, and no more for telling so', async () => {
    posthog.respond({ status: 400, body: 'no' })
    enqueueMany(home.layout, 3)
    await oneRun()
    // Four events and one count, each halved down to itself; the count of the count waits for the next run.
    expect(posthog.requests.length).toBeLessThanOrEqual(12)
    expect(home.pending()).toMatchObject([
      { event: 'telemetry dropped', properties: { dropped: 4, dropped_rejected: 4 } },
    ])
    posthog.respond(undefined)
    await oneRun()
    const told = posthog.acceptedEvents.filter(({ event }) => event === 'telemetry dropped')
    expect(told.map(({ properties }) => properties['dropped'])).toEqual([4])
    expect(home.pending()).toEqual([])
  })

  it('with 500 whenever it is there becomes a suspect, and the others are accepted in later runs', async () => {
    posthog.respond((request) => (isPoisoned(request) ? { status: 500 } : undefined))
    const waiting = enqueueMany(home.layout, 6, (index) => (index === 2 ? POISON : {}))
    const poison = waiting[2]?.uuid ?? ''
    let runs = 0
    for (; runs < 8 && entry()?.suspects?.[poison] === undefined; runs++) {
      anHourLater(home)
      await oneRun()
    }
    anHourLater(home)
    await oneRun()
    expect(runs).toBeGreaterThan(REPORTER_LIMITS.carefulAfterFailures)
    expect(posthog.acceptedByUuid.size).toBe(waiting.length - 1 + runs + 1)
    expect(home.pending().map(({ uuid }) => uuid)).toEqual([poison])
    expect(entry()?.suspects?.[poison]?.failures).toBeGreaterThanOrEqual(1)
    expect(entry()?.failures).toBe(0)
    expect(new Set([...posthog.acceptedByUuid.values()].map(({ count }) => count))).toEqual(new Set([1]))
    expect(readJournal(home.layout.journal).every(({ verdict }) => verdict === 'accepted')).toBe(true)
  })
})

describe('an endpoint that does not take what it is given', () => {
  it.each<[string, Fault, { reason: RegExp; leastMs: number; mostMs: number }]>([
    ['401: rests for hours', { status: 401 }, { reason: /http 401/, leastMs: 5.9 * HOUR_MS, mostMs: 6.1 * HOUR_MS }],
    ['403: rests for hours', { status: 403 }, { reason: /http 403/, leastMs: 5.9 * HOUR_MS, mostMs: 6.1 * HOUR_MS }],
    [
      '429 with Retry-After: a floor',
      { status: 429, retryAfter: 3600 },
      { reason: /429/, leastMs: 0.99 * HOUR_MS, mostMs: HOUR_MS },
    ],
    [
      '503 with Retry-After: a floor',
      { status: 503, retryAfter: 3600 },
      { reason: /503/, leastMs: 0.99 * HOUR_MS, mostMs: HOUR_MS },
    ],
    ['503: seconds', { status: 503 }, { reason: /503/, leastMs: 0, mostMs: 7000 }],
    ['a reset: seconds', 'reset', { reason: /reset/, leastMs: 0, mostMs: 7000 }],
    ["a captive portal's 200", 'html', { reason: /not PostHog/, leastMs: 0, mostMs: 7000 }],
  ])('%s', async (_, fault, { reason, leastMs, mostMs }) => {
    posthog.respond(fault)
    await oneRun()
    expect(posthog.requests).toHaveLength(1)
    expect(entry()?.reason).toMatch(reason)
    expect(aheadMs()).toBeGreaterThan(leastMs - 3000) // some of it has passed while the reporter lingered
    expect(aheadMs()).toBeLessThan(mostMs)
    if (leastMs > 0) await oneRun()
    expect(posthog.requests).toHaveLength(1) // nobody asks before that
    expect(home.pending()).toHaveLength(leastMs > 0 ? 2 : 1)
    expect(readJournal(home.layout.journal)).toEqual([])
    anHourLater(home)
    posthog.respond(undefined)
    await oneRun()
    expect(posthog.acceptedByUuid.size).toBe(leastMs > 0 ? 3 : 2)
    expect(backoff()).toEqual({}) // an accepted answer removes it
    expect(home.pending()).toEqual([])
  })

  it('302: is not followed', async () => {
    const elsewhere = await startFakePostHog()
    onTestFinished(() => elsewhere.close())
    posthog.respond({ status: 302, redirect: `${elsewhere.url}/batch/` })
    await oneRun()
    expect(elsewhere.connections).toBe(0)
    expect(posthog.requests).toHaveLength(1)
    expect(home.pending()).toHaveLength(1)
  })

  it('does not hold up what goes elsewhere', async () => {
    const elsewhere = await startFakePostHog()
    onTestFinished(() => elsewhere.close())
    posthog.respond({ status: 503 })
    enqueueMany(home.layout, 3, () => ({ api_key: 'phc_other', host: elsewhere.url }))
    await oneRun()
    expect(elsewhere.acceptedByUuid.size).toBe(3)
    expect(Object.keys(backoff())).toEqual([destinationKey(posthog.url, 'phc_test')])
    expect(home.pending()).toHaveLength(1)
  })
})

describe('a back-off', () => {
  const write = (byMs: number): void =>
    writeFileSync(
      home.layout.backoff,
      JSON.stringify({
        [destinationKey(posthog.url, 'phc_test')]: {
          not_before: new Date(Date.now() + byMs).toISOString(),
          failures: 1,
          reason: 'http 503',
        },
      }),
    )

  it('that lies ahead is waited for, without a process', async () => {
    write(HOUR_MS)
    await runCommand(home, posthog.url)
    expect(isThere(home.layout.reporterLock)).toBe(false)
    expect(reporterProcesses(home)).toEqual([])
    expect(home.pending()).toHaveLength(1)
  })

  it('dated further ahead than any is ignored', async () => {
    write(REPORTER_LIMITS.farDateMs + HOUR_MS)
    await oneRun()
    expect(posthog.acceptedByUuid.size).toBe(1)
    expect(backoff()).toEqual({})
  })

  it('that is damaged is as good as none', async () => {
    writeFileSync(home.layout.backoff, '{"half')
    await oneRun()
    expect(posthog.acceptedByUuid.size).toBe(1)
  })
})

describe('consent', () => {
  it('taken back while a request is on the wire: nothing is written afterwards', async () => {
    posthog.respond({ delayMs: 700 })
    enqueueMany(home.layout, 3)
    await runCommand(home, posthog.url)
    await posthog.waitFor(({ requests }) => requests.length === 1)
    expect(setTracking(home.layout, 'off')).toMatchObject({ kind: 'stored', erased: 4, left: [] })
    expect(home.files()).toEqual(['telemetry/consent.json'])
    await home.quiet()
    expect(home.files()).toEqual(['telemetry/consent.json'])
    expect(posthog.requests).toHaveLength(1)
  })

  it.each([
    ['off', '{"tracking":"off"}'],
    ['damaged', '{"track'],
  ])('%s: the reporter stops without a request, and takes its lock away', async (_, text) => {
    enqueueMany(home.layout, 2)
    writeFileSync(home.layout.consent, text)
    const before = home.files()
    for (const role of ['report', 'inline'] as const) {
      const { code, stdout, stderr } = await runReporter(home, posthog.url, role)
      expect([code, stdout, stderr]).toEqual([2, '', ''])
      expect(home.files()).toEqual(before)
    }
    expect(posthog.connections).toBe(0)
  })
})

describe('what the reporter leaves alone', () => {
  it("a newer version's envelope, and everything that is no envelope by its name", async () => {
    const { pending } = home.layout
    const [newer] = enqueueMany(home.layout, 1)
    const path = `${pending}/${newer?.uuid}.json`
    writeFileSync(path, JSON.stringify({ ...newer, schema_version: 2 }))
    writeFileSync(`${pending}/README`, 'hello')
    await oneRun()
    expect(posthog.acceptedByUuid.size).toBe(1)
    expect(accepted()).not.toContain(newer?.uuid)
    expect(isThere(path)).toBe(true)
    expect(isThere(`${pending}/README`)).toBe(true)
  })

  it('but what is torn is dropped, and told', async () => {
    const [torn] = enqueueMany(home.layout, 1)
    writeFileSync(`${home.layout.pending}/${torn?.uuid}.json`, '{"schema_ver')
    await oneRun()
    const told = posthog.acceptedEvents.filter(({ event }) => event === 'telemetry dropped')
    expect(told.map(({ properties }) => properties)).toMatchObject([
      { dropped: 1, dropped_damaged: 1, dropped_others: 1 },
    ])
    expect(home.pending()).toEqual([])
  })
})

describe('the journal', () => {
  it('names an event only after the answer', async () => {
    posthog.respond({ delayMs: 500 })
    await runCommand(home, posthog.url)
    await posthog.waitFor(({ requests }) => requests.length === 1)
    expect(readJournal(home.layout.journal)).toEqual([])
    expect(home.pending()).toHaveLength(1)
    await home.quiet()
    expect(readJournal(home.layout.journal)).toMatchObject([{ verdict: 'accepted', uuid: accepted()[0] }])
  })

  it.each([
    ['is a folder', 'folder'],
    ['is a FIFO that nobody reads', 'fifo'],
  ])('that %s stops nothing', async (_, what) => {
    const { execFileSync } = await import('node:child_process')
    execFileSync(what === 'folder' ? 'mkdir' : 'mkfifo', [home.layout.journal])
    await oneRun()
    expect(posthog.acceptedByUuid.size).toBe(1)
    expect(home.pending()).toEqual([])
  })
})
