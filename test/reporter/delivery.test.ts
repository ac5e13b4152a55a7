import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Envelope } from '../../src/events/envelope.ts'
import type { Answer } from '../../src/reporter/answer.ts'
import { afterFailure, type BackoffEntry, isWaiting, type Moment } from '../../src/reporter/backoff.ts'
import { afterAnswer, nextRequest, requestsMax, type Verdict } from '../../src/reporter/delivery.ts'
import { addFiles, type DeliveryState, startDelivery } from '../../src/reporter/delivery-state.ts'
import { REPORTER_LIMITS } from '../../src/reporter/limits.ts'
import { planDestinations, type WaitingFile } from '../../src/reporter/waiting-files.ts'

const nowMs = Date.UTC(2026, 10, 20, 12)
const moment: Moment = { nowMs, random: () => 0.5 }
const OK: Answer = { kind: 'response', status: 200, retryAfterMs: null, body: { status: 'Ok' }, text: '' }
const TIMEOUT: Answer = { kind: 'no-answer', reason: 'timeout' }

function http(status: number, retryAfterMs: number | null = null): Answer {
  return { kind: 'response', status, retryAfterMs, body: null, text: 'the reason' }
}

function file(n: number, more: Partial<WaitingFile> = {}): WaitingFile {
  const uuid = `u${String(n).padStart(4, '0')}`
  return { uuid, timestamp: new Date(nowMs - 1e6 + n).toISOString(), alias: false, bytes: 500, ...more }
}

function files(count: number): readonly WaitingFile[] {
  return Array.from({ length: count }, (_, n) => file(n))
}

/** Drives one run to its end; `server` sees the uuids of each request. */
function run(
  start: DeliveryState,
  server: (uuids: readonly string[], request: number) => Answer,
): { state: DeliveryState; requests: readonly (readonly string[])[]; verdicts: readonly (readonly Verdict[])[] } {
  const requests: (readonly string[])[] = []
  const verdicts: (readonly Verdict[])[] = []
  let state = start
  for (let next = nextRequest(state, moment); next !== null; next = nextRequest(state, moment)) {
    requests.push(next.uuids)
    const answered = afterAnswer(next.state, server(next.uuids, requests.length - 1), moment)
    verdicts.push(answered.verdicts)
    state = answered.state
    expect(requests.length).toBeLessThanOrEqual(requestsMax(start.seen.size))
  }
  return { state, requests, verdicts }
}

const careful: BackoffEntry = { not_before: null, failures: 3, reason: 'http 500' }

describe('planDestinations()', () => {
  const envelope = (n: number, more: Partial<Envelope>): { envelope: Envelope; bytes: number } => {
    const { uuid, timestamp } = file(n)
    const common = { schema_version: 1, app: 'acme', distinct_id: 'd', is_anon: true, properties: {} } as const
    const rest = { event: 'command', api_key: 'k', host: 'https://a', delivery: 'detached' }
    return { envelope: { ...common, uuid, timestamp, ...rest, ...more } as unknown as Envelope, bytes: 500 }
  }

  it('groups by host and key, aliases first, then oldest first', () => {
    const alias = { event: '$create_alias' } as Partial<Envelope>
    const waiting = [
      envelope(3, {}),
      envelope(1, { host: 'https://b' }),
      envelope(5, alias),
      envelope(2, {}),
      envelope(4, { host: 'https://a/' }),
    ]
    const plan = planDestinations(waiting, {})
    expect(plan.map(({ key, files }) => [key, files.map(({ uuid }) => uuid)])).toEqual([
      ['https://a k', ['u0005', 'u0002', 'u0003', 'u0004']],
      ['https://b k', ['u0001']],
    ])
  })

  it('puts a destination that fails behind one that does not', () => {
    const waiting = [envelope(1, {}), envelope(2, { host: 'https://b' })]
    const plan = planDestinations(waiting, { 'https://a k': careful })
    expect(plan.map(({ host }) => host)).toEqual(['https://b', 'https://a'])
  })
})

describe('nextRequest()', () => {
  it('takes everything up to 100 events', () => {
    const { requests, state } = run(startDelivery(files(250), null, moment), () => OK)
    expect(requests.map((uuids) => uuids.length)).toEqual([100, 100, 50])
    expect(requests.flat()).toEqual(files(250).map(({ uuid }) => uuid))
    expect(state.backoff).toBeNull()
  })

  it('takes up to 1 MiB, and a single file of any size', () => {
    const big = [0, 1, 2, 3].map((n) => file(n, { bytes: 400 * 1024 }))
    expect(run(startDelivery(big, null, moment), () => OK).requests.map((uuids) => uuids.length)).toEqual([2, 2])
    const huge = [file(0, { bytes: 2 ** 21 }), file(1)]
    expect(run(startDelivery(huge, null, moment), () => OK).requests.map((uuids) => uuids.length)).toEqual([1, 1])
  })

  it('writes the failure in advance, until the server has answered once', () => {
    const first = nextRequest(startDelivery(files(150), null, moment), moment)
    expect(first?.state.backoff).toMatchObject({ failures: 1, reason: 'unfinished' })
    expect(isWaiting(first?.state.backoff, nowMs)).toBe(true)
    const { state } = afterAnswer(first?.state as DeliveryState, OK, moment)
    expect(state.backoff).toBeNull()
    expect(nextRequest(state, moment)?.state.backoff).toBeNull()
  })

  it('is null when nothing waits', () => {
    expect(nextRequest(startDelivery([], null, moment), moment)).toBeNull()
  })
})

describe('addFiles()', () => {
  it('sends what came during the run, and nothing that was seen before', () => {
    const { state } = run(startDelivery(files(2), null, moment), () => OK)
    expect(addFiles(state, files(2))).toBe(state)
    const { requests } = run(addFiles(state, files(4)), () => OK)
    expect(requests).toEqual([['u0002', 'u0003']])
  })
})

describe('afterAnswer()', () => {
  it.each<[string, Answer, string]>([
    ['500', http(500), 'http 500'],
    ['503 with Retry-After', http(503, 60_000), 'http 503'],
    ['429', http(429, 60_000), 'http 429'],
    ['a redirect', http(302), 'http 302 redirect'],
    ['a captive portal', http(200), 'http 200 not PostHog'],
    ['silence', TIMEOUT, 'timeout'],
    ['a refused connection', { kind: 'no-answer', reason: 'refused', code: 'ECONNREFUSED' }, 'refused ECONNREFUSED'],
  ])('keeps everything on %s and asks no more in this run', (_, answer, reason) => {
    const { state, requests, verdicts } = run(startDelivery(files(250), null, moment), () => answer)
    expect(requests).toHaveLength(1)
    expect(new Set(verdicts.flat().map(({ verdict }) => verdict))).toEqual(new Set(['kept']))
    expect(state.backoff).toMatchObject({ failures: 1, reason })
    const aheadMs = Date.parse(state.backoff?.not_before ?? '') - nowMs
    expect(aheadMs).toBe(answer.kind === 'response' ? (answer.retryAfterMs ?? 5000) : 5000)
  })

  it.each([401, 403, 404, 405, 418])('rests for hours on %i', (status) => {
    const { state, requests } = run(startDelivery(files(3), careful, moment), () => http(status))
    expect(requests).toHaveLength(1)
    expect(Date.parse(state.backoff?.not_before ?? '') - nowMs).toBe(REPORTER_LIMITS.pauseMs)
    expect(state.backoff?.failures).toBe(careful.failures)
  })

  it.each([400, 413])('finds the event to blame for %i by halving, and rejects it alone', (status) => {
    const bad = 'u0037'
    const { state, verdicts, requests } = run(startDelivery(files(100), null, moment), (uuids) =>
      uuids.includes(bad) ? http(status) : OK,
    )
    const settled = verdicts.flat().filter(({ verdict }) => verdict !== 'kept')
    expect(settled.filter(({ verdict }) => verdict === 'accepted')).toHaveLength(99)
    expect(settled.find(({ uuid }) => uuid === bad)).toEqual({
      uuid: bad,
      verdict: 'rejected',
      reason: `http ${status}: the reason`,
    })
    expect(requests.length).toBeLessThanOrEqual(20)
    expect(state.backoff).toBeNull()
  })

  it('rejects a hundred unacceptable events one by one, without building up batches in between', () => {
    const { verdicts, requests } = run(startDelivery(files(100), null, moment), () => http(400))
    expect(verdicts.flat().filter(({ verdict }) => verdict === 'rejected')).toHaveLength(100)
    expect(requests.length).toBeLessThanOrEqual(107)
  })

  it('leaves the back-off alone when we had to go before an answer, once there was one', () => {
    const aborted: Answer = { kind: 'no-answer', reason: 'aborted' }
    const after = run(startDelivery(files(150), null, moment), (_, n) => (n === 0 ? OK : aborted))
    expect(after.state.backoff).toBeNull()
    const before = run(startDelivery(files(150), null, moment), () => aborted)
    expect(before.state.backoff).toMatchObject({ failures: 1, reason: 'aborted' })
  })

  it('takes v1 results event by event, and comes back later for those it should send again', () => {
    const results = { u0000: { result: 'ok' }, u0001: { result: 'retry' }, u0002: { result: 'drop', details: 'no' } }
    const answer: Answer = { ...OK, kind: 'response', retryAfterMs: 1000, body: { results } }
    const { state, verdicts, requests } = run(startDelivery(files(3), null, moment), () => answer)
    expect(verdicts).toEqual([
      [
        { uuid: 'u0000', verdict: 'accepted' },
        { uuid: 'u0001', verdict: 'kept' },
        { uuid: 'u0002', verdict: 'rejected', reason: 'drop: no' },
      ],
    ])
    expect(requests).toHaveLength(1)
    expect(state.backoff).toMatchObject({ failures: 1, reason: 'asked to send again' })
  })
})

describe('afterAnswer() after three failures in a row', () => {
  it('begins with one file at random, and doubles', () => {
    const random = fc.sample(fc.double({ min: 0, max: 0.999, noNaN: true }), 64)
    const start = startDelivery(files(60), careful, { nowMs, random: () => random.pop() ?? 0 })
    const { requests, state } = run(start, () => OK)
    expect(requests.map((uuids) => uuids.length)).toEqual([1, 2, 4, 8, 16, 29])
    expect(requests.flat().toSorted()).toEqual(files(60).map(({ uuid }) => uuid))
    expect(requests.flat()).not.toEqual(files(60).map(({ uuid }) => uuid))
    expect(state.backoff).toBeNull()
  })

  it('stops when the one file fails and nothing else was accepted: that is an outage', () => {
    const { requests, state } = run(startDelivery(files(60), careful, moment), () => http(500))
    expect(requests).toHaveLength(1)
    expect(state.backoff).toMatchObject({ failures: 4 })
    expect(state.backoff?.suspects).toBeUndefined()
  })

  it('sets a poisonous event aside and delivers the others in the same run', () => {
    const start = startDelivery(files(60), careful, moment)
    const poison = (start.queue[20] as WaitingFile).uuid
    const { state, verdicts } = run(start, (uuids) => (uuids.includes(poison) ? TIMEOUT : OK))
    expect(verdicts.flat().filter(({ verdict }) => verdict === 'accepted')).toHaveLength(59)
    expect(verdicts.flat().filter(({ verdict }) => verdict === 'suspect')).toEqual([
      { uuid: poison, verdict: 'suspect', reason: 'timeout' },
    ])
    expect(state.backoff).toMatchObject({ not_before: null, failures: 0, suspects: { [poison]: { failures: 1 } } })
  })

  it('makes one suspect at most for each accepted answer, so an outage in mid-run does not accuse everybody', () => {
    const { requests, verdicts, state } = run(startDelivery(files(60), careful, moment), (_, n) =>
      n < 3 ? OK : http(500),
    )
    expect(verdicts.flat().filter(({ verdict }) => verdict === 'suspect')).toHaveLength(1)
    expect(requests.length).toBeLessThan(10)
    expect(state.backoff).toMatchObject({ failures: 1, careful: true })
  })

  it('stays careful over runs until the poison is found', () => {
    const first = nextRequest(startDelivery(files(60), careful, moment), moment)
    const { state } = afterAnswer(first?.state as DeliveryState, OK, moment)
    expect(state.backoff).toMatchObject({ not_before: null, careful: true })
    expect(startDelivery(files(59), state.backoff, moment).size).toBe(1)
  })
})

describe('a suspect', () => {
  const suspect = (failures: number, aheadMs: number): BackoffEntry => ({
    not_before: null,
    failures: 0,
    reason: 'answered',
    suspects: { u0000: { not_before: new Date(nowMs + aheadMs).toISOString(), failures } },
  })
  const breaks = (uuids: readonly string[]): Answer => (uuids.includes('u0000') ? http(500) : OK)

  it('stays out of the batches while its time has not come', () => {
    const { requests } = run(startDelivery(files(3), suspect(1, 1000), moment), breaks)
    expect(requests).toEqual([['u0001', 'u0002']])
  })

  it('is then tried alone, after everything else, and counts one more', () => {
    const { requests, state } = run(startDelivery(files(3), suspect(1, -1), moment), breaks)
    expect(requests).toEqual([['u0001', 'u0002'], ['u0000']])
    expect(state.backoff?.not_before).toBeNull()
    expect(state.backoff?.suspects?.u0000).toMatchObject({ failures: 2 })
  })

  it('is not counted, and does not hold up the destination, where nothing else was accepted', () => {
    const { requests, state } = run(startDelivery(files(1), suspect(8, -1), moment), breaks)
    expect(requests).toEqual([['u0000']])
    expect(state.backoff).toMatchObject({ not_before: null, failures: 0, suspects: { u0000: { failures: 8 } } })
    expect(isWaiting(state.backoff?.suspects?.u0000, nowMs)).toBe(true)
  })

  it('is rejected after its eighth lone failure', () => {
    const { verdicts, state } = run(startDelivery(files(2), suspect(7, -1), moment), breaks)
    expect(verdicts.at(-1)).toEqual([{ uuid: 'u0000', verdict: 'rejected', reason: 'failed alone 8 times: http 500' }])
    expect(state.backoff).toBeNull()
  })

  it('is forgotten once accepted, and after the 30 days that any file may wait', () => {
    expect(run(startDelivery(files(2), suspect(3, -1), moment), () => OK).state.backoff).toBeNull()
    const DAY = 86_400_000
    expect(startDelivery([file(1)], suspect(3, -31 * DAY), moment).backoff).toBeNull()
    // A later pass of the same run knows only what is new.
    expect(startDelivery([file(1)], suspect(3, -29 * DAY), moment).backoff?.suspects?.u0000).toMatchObject({
      failures: 3,
    })
  })
})

/**
 * A server that breaks whenever a poisonous event is inside, and is away at times; a reporter that may be killed or out of time
 * at any request; one more innocent event with every run, as every command brings one.
 */
describe('delivery as a whole', () => {
  const scenario = fc.record({
    count: fc.integer({ min: 0, max: 130 }),
    poison: fc.uniqueArray(fc.nat(129), { maxLength: 6 }),
    refused: fc.uniqueArray(fc.nat(129), { maxLength: 4 }),
    /** Requests, by number from the beginning, that meet an outage. */
    outages: fc.array(fc.record({ from: fc.nat(60), length: fc.integer({ min: 1, max: 8 }) }), { maxLength: 4 }),
    poisonSays: fc.constantFrom<Answer>(http(500), http(503), TIMEOUT, { kind: 'no-answer', reason: 'reset' }),
    outageSays: fc.constantFrom<Answer>(
      http(503),
      TIMEOUT,
      http(429),
      { kind: 'no-answer', reason: 'refused' },
      http(200),
    ),
    /** How many requests the n-th run gets before it is killed; 0 once the list is over: none is. */
    killedAfter: fc.array(fc.nat(4), { maxLength: 12 }),
    seed: fc.infiniteStream(fc.double({ min: 0, max: 0.999999, noNaN: true })),
  })

  it('delivers every innocent event, whatever is poisonous, refused or away, and comes to an end', () => {
    fc.assert(
      fc.property(scenario, ({ count, poison, refused, outages, poisonSays, outageSays, killedAfter, seed }) => {
        const random = (): number => seed.next().value ?? 0
        const poisonous = new Set(poison.map((n) => file(n).uuid))
        const unacceptable = new Set(refused.map((n) => file(n).uuid).filter((uuid) => !poisonous.has(uuid)))
        const pending = new Map(files(count).map((one) => [one.uuid, one]))
        const stored = new Set<string>()
        const rejected = new Set<string>()
        let entry: BackoffEntry | null = null
        let clockMs = nowMs
        let requests = 0
        let fresh = 1000

        const serve = (uuids: readonly string[]): Answer => {
          const n = requests++
          if (outages.some(({ from, length }) => n >= from && n < from + length)) return outageSays
          if (uuids.some((uuid) => poisonous.has(uuid))) return poisonSays
          if (uuids.some((uuid) => unacceptable.has(uuid))) return http(400)
          for (const uuid of uuids) stored.add(uuid)
          return OK
        }

        const innocentsWait = (): boolean => [...pending.keys()].some((uuid) => !poisonous.has(uuid) && uuid < 'u1000')
        let runs = 0
        while (innocentsWait()) {
          expect(++runs, 'runs').toBeLessThan(400)
          pending.set(file(fresh).uuid, file(fresh))
          fresh++
          if (isWaiting(entry, clockMs)) clockMs = Date.parse((entry as BackoffEntry).not_before as string)
          let state = startDelivery([...pending.values()], entry, { nowMs: clockMs, random })
          let left = killedAfter[runs - 1] || Number.POSITIVE_INFINITY
          let made = 0
          for (;;) {
            const at = { nowMs: clockMs, random }
            const next = nextRequest(state, at)
            if (next === null) break
            entry = next.state.backoff
            const answer = serve(next.uuids)
            expect(++made, 'requests of a run').toBeLessThanOrEqual(requestsMax(state.seen.size))
            if (--left === 0) break // killed before it could read the answer
            const after = afterAnswer(next.state, answer, at)
            state = after.state
            entry = state.backoff
            expect(after.verdicts.map(({ uuid }) => uuid)).toEqual(next.uuids)
            for (const { uuid, verdict } of after.verdicts) {
              if (verdict === 'accepted') expect(stored.has(uuid), `${uuid} accepted`).toBe(true)
              if (verdict === 'rejected') rejected.add(uuid)
              if (verdict === 'accepted' || verdict === 'rejected') expect(pending.delete(uuid)).toBe(true)
            }
          }
          clockMs += 60_000
        }
        for (const { uuid } of files(count)) {
          const expected = !(unacceptable.has(uuid) || poisonous.has(uuid))
          expect(stored.has(uuid), `${uuid} stored`).toBe(expected)
          if (expected) expect(rejected.has(uuid), `${uuid} rejected`).toBe(false)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('gives up a poisonous event in the end, and nothing else', () => {
    let entry: BackoffEntry | null = careful
    let clockMs = nowMs
    const poison = file(0)
    let runs = 0
    for (let isGone = false; !isGone; runs++) {
      expect(runs).toBeLessThan(100)
      const at = { nowMs: clockMs, random: Math.random }
      if (isWaiting(entry, clockMs)) clockMs = Date.parse((entry as BackoffEntry).not_before as string)
      const { state, verdicts } = run(startDelivery([poison, file(runs + 1)], entry, at), (uuids) =>
        uuids.includes(poison.uuid) ? http(500) : OK,
      )
      for (const { uuid, verdict } of verdicts.flat()) if (verdict === 'rejected') isGone = uuid === poison.uuid
      entry = state.backoff
      clockMs += 24 * 3_600_000
    }
    expect(runs).toBeGreaterThanOrEqual(8)
    expect(entry).toBeNull()
  })

  it('never makes an entry that holds up a destination for longer than a day', () => {
    let entry: BackoffEntry | null = null
    for (let n = 0; n < 50; n++) entry = afterFailure(entry, { reason: 'x', retryAfterMs: 86_400_000 }, moment)
    expect(isWaiting(entry, nowMs)).toBe(true)
  })
})
