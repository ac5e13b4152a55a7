import fs, { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Envelope } from '../../src/events/envelope.ts'
import { currentInstance } from '../../src/platform/process-instance.ts'
import type { Answer } from '../../src/reporter/answer.ts'
import { destinationKey } from '../../src/reporter/backoff.ts'
import { type DrainContext, drain } from '../../src/reporter/drain.ts'
import { REPORTER_LIMITS } from '../../src/reporter/limits.ts'
import { report, reportInline } from '../../src/reporter/report.ts'
import { parseLock, takeReporterLock } from '../../src/reporter/reporter-lock.ts'
import { noDrops } from '../../src/spool/bounds.ts'
import { replace, writeBegun } from '../../src/spool/in-flight.ts'
import { readJournal } from '../../src/spool/journal.ts'
import type { SpoolLayout } from '../../src/spool/spool-layout.ts'
import { ANON_ID, enqueueMany, makeEnvelope, prepareSpool } from '../support/envelopes.ts'
import { type Home, makeHome } from '../support/home.ts'

const DESTINATION = { apiKey: 'phc_test', host: 'http://now' }
const OK: Answer = {
  kind: 'response',
  status: 200,
  retryAfterMs: null,
  body: { status: 'Ok' },
  text: '{"status":"Ok"}',
}
const DOWN: Answer = { kind: 'no-answer', reason: 'refused', code: 'ECONNREFUSED' }

let home: Home
let layout: SpoolLayout
/** What was sent, batch by batch. */
let sent: { readonly host: string; readonly apiKey: string; readonly envelopes: readonly Envelope[] }[]
/** Called before each answer. */
let answer: (envelopes: readonly Envelope[]) => Answer

beforeEach(() => {
  home = makeHome()
  layout = home.layout
  prepareSpool(layout)
  sent = []
  answer = () => OK
})
afterEach(() => vi.restoreAllMocks())

const job = (role: 'report' | 'inline' = 'report') =>
  ({
    role,
    app: 'acme',
    directory: layout.directory,
    destination: DESTINATION,
    consentFiles: [],
    token: 't',
    patient: true,
  }) as const

function contextOf(more: Partial<DrainContext> = {}): DrainContext {
  const startedAt = Date.now()
  return {
    layout,
    destination: DESTINATION,
    patient: true,
    remembers: true,
    sender: {
      sendBatch: async (envelopes, { host, apiKey }) => {
        sent.push({ host, apiKey, envelopes })
        return answer(envelopes)
      },
    },
    leftMs: () => REPORTER_LIMITS.exitMs - (Date.now() - startedAt),
    leastLeftMs: 2000,
    allowed: () => true,
    tried: new Set(),
    routes: new Map(),
    drops: noDrops(),
    tally: { accepted: 0, rejected: 0, requests: 0 },
    ...more,
  }
}

const sentIds = (): readonly string[] => sent.flatMap(({ envelopes }) => envelopes.map(({ uuid }) => uuid))

describe('drain()', () => {
  it('sends what waits in one request, journals it, and takes it away', async () => {
    const waiting = enqueueMany(layout, 3)
    const context = contextOf()
    expect(await drain(context)).toBe(true)
    expect(sent.map(({ host, envelopes }) => [host, envelopes.length])).toEqual([['http://now', 3]])
    expect(home.pending()).toEqual([])
    expect(readJournal(layout.journal).map(({ verdict, uuid }) => [verdict, uuid])).toEqual(
      waiting.map(({ uuid }) => ['accepted', uuid]),
    )
    expect(context.tally).toEqual({ accepted: 3, rejected: 0, requests: 1 })
    expect(await drain(context)).toBe(false)
  })

  it('sends to the host of the launching command what has its key, and all else where it was meant to go', async () => {
    enqueueMany(layout, 2, (index) => ({ host: 'http://then', api_key: index === 0 ? 'phc_test' : 'phc_other' }))
    await drain(contextOf())
    expect(sent.map(({ host, apiKey }) => [host, apiKey]).toSorted()).toEqual([
      ['http://now', 'phc_test'],
      ['http://then', 'phc_other'],
    ])
  })

  it('has the back-off on disk before the first request, and takes it back after the answer', async () => {
    enqueueMany(layout, 1)
    const key = destinationKey(DESTINATION.host, DESTINATION.apiKey)
    answer = () => {
      expect(JSON.parse(readFileSync(layout.backoff, 'utf8'))).toMatchObject({
        [key]: { failures: 1, reason: 'unfinished' },
      })
      return OK
    }
    await drain(contextOf())
    expect(sent).toHaveLength(1)
    expect(existsSync(layout.backoff)).toBe(false)
  })

  it('leaves the file when there was no answer, and does not try it again in this run', async () => {
    enqueueMany(layout, 2)
    answer = () => DOWN
    const context = contextOf()
    await drain(context)
    await drain(context)
    enqueueMany(layout, 1)
    await drain(context)
    expect(sent).toHaveLength(1)
    expect(home.pending()).toHaveLength(3)
    expect(readJournal(layout.journal)).toEqual([])
  })

  it.each([
    ['the box is nearly over', { leftMs: () => 1999 }],
    ['consent is gone', { allowed: () => false }],
  ])('asks nobody when %s', async (_, more) => {
    enqueueMany(layout, 2)
    const before = home.files()
    await drain(contextOf(more))
    expect(sent).toEqual([])
    expect(home.files()).toEqual(before)
  })

  it('of one alone touches no other, and remembers no failure', async () => {
    const [one] = enqueueMany(layout, 2)
    answer = () => DOWN
    await drain(contextOf({ remembers: false }), one?.uuid)
    expect(sentIds()).toEqual([one?.uuid])
    expect(existsSync(layout.backoff)).toBe(false)
  })

  it('writes nothing when consent went while the request was on the wire', async () => {
    enqueueMany(layout, 2)
    let allowed = true
    answer = () => {
      allowed = false
      fs.rmSync(layout.telemetry, { recursive: true })
      return OK
    }
    await drain(contextOf({ allowed: () => allowed }))
    expect(sent).toHaveLength(1)
    expect(existsSync(layout.telemetry)).toBe(false)
  })

  // `off` comes in the moment in which the file is made: it has erased the one before, and we have looked already.
  it.each([
    ['journal', () => OK],
    ['backoff', () => DOWN],
  ] as const)('takes back the %s that it made after `off` (race R54)', async (made, answered) => {
    enqueueMany(layout, 1)
    answer = answered
    let wasMade = false
    const allowed = (): boolean => {
      wasMade ||= existsSync(layout[made])
      return !wasMade
    }
    await drain(contextOf({ allowed }))
    expect({ wasMade, isThere: existsSync(layout[made]) }).toEqual({ wasMade: true, isThere: false })
  })

  it('does not trust a file whose name is not its uuid', async () => {
    const [one] = enqueueMany(layout, 1)
    fs.renameSync(`${layout.pending}/${one?.uuid}.json`, `${layout.pending}/${makeEnvelope().uuid}.json`)
    await drain(contextOf())
    expect(sent).toEqual([])
  })
})

describe('report()', () => {
  const run = (context = contextOf()): Promise<number> => {
    takeReporterLock(layout.reporterLock, 't', Date.now())
    return report(job(), context)
  }

  it('notes how it ended, and takes its lock away', async () => {
    enqueueMany(layout, 2)
    expect(await run()).toBe(0)
    expect(existsSync(layout.reporterLock)).toBe(false)
    expect(JSON.parse(readFileSync(layout.reporterState, 'utf8'))).toMatchObject({
      pid: process.pid,
      end: 'done',
      accepted: 2,
      requests: 1,
    })
  })

  it('carries a file whose producer saw the lock just before it went (race R7), holding the lock again', async () => {
    enqueueMany(layout, 1)
    const { unlinkSync } = fs
    let late: Envelope | undefined
    vi.spyOn(fs, 'unlinkSync').mockImplementation((path) => {
      if (path === layout.reporterLock && late === undefined) {
        ;[late] = enqueueMany(layout, 1)
        expect(takeReporterLock(layout.reporterLock, 'producer', Date.now()).kind).toBe('held')
      }
      unlinkSync(path)
    })
    answer = (envelopes) => {
      expect(parseLock(layout.reporterLock)).toEqual({ token: 't', holder: currentInstance() })
      expect(envelopes).toHaveLength(1)
      return OK
    }
    expect(await run()).toBe(0)
    expect(sentIds()[1]).toBe(late?.uuid)
    expect(home.pending()).toEqual([])
    expect(existsSync(layout.reporterLock)).toBe(false)
  })

  it('leaves it to another reporter that was faster', async () => {
    const { unlinkSync } = fs
    let done = false
    vi.spyOn(fs, 'unlinkSync').mockImplementation((path) => {
      unlinkSync(path)
      if (path !== layout.reporterLock || done) return
      done = true
      enqueueMany(layout, 1)
      expect(takeReporterLock(layout.reporterLock, 'other', Date.now()).kind).toBe('taken')
    })
    expect(await run()).toBe(0)
    expect(sent).toEqual([])
    expect(parseLock(layout.reporterLock)).toEqual({ token: 'other' })
  })

  it('lingers for the rest of a burst, and adopts who dies meanwhile', async () => {
    const dead = { ...currentInstance(), start_ticks: 1 }
    const crashed = makeEnvelope({ event: 'CLI execution failed' })
    enqueueMany(layout, 1)
    let more = 0
    answer = () => {
      if (more++ < 3) setTimeout(() => enqueueMany(layout, 1), 300)
      else if (more === 4) writeBegun(layout, { schema_version: 1, state: 'begun', process: dead, envelope: crashed })
      return OK
    }
    expect(await run()).toBe(0)
    expect(sent.map(({ envelopes }) => envelopes.length)).toEqual([1, 1, 1, 1, 1])
    expect(sentIds().at(-1)).toBe(crashed.uuid)
    expect(home.inFlight()).toEqual([])
  })

  it('settles an alias that a killed login left, by what usage.json says', async () => {
    const alias = makeEnvelope({
      uuid: 'c2a1e0d4-1f0b-5c3e-9d2a-0123456789ab',
      event: '$create_alias',
      distinct_id: 'usr_1',
      properties: { distinct_id: 'usr_1', alias: ANON_ID },
    })
    replace(layout, alias)
    writeFileSync(layout.usage, JSON.stringify({ anon_id: ANON_ID, linked_principal_id: 'usr_1' }))
    enqueueMany(layout, 1)
    await run()
    expect(sent[0]?.envelopes.map(({ event }) => event)).toEqual(['$create_alias', 'CLI execution succeeded'])
    replace(layout, alias)
    writeFileSync(layout.usage, JSON.stringify({ anon_id: ANON_ID, linked_principal_id: null }))
    sent = []
    await run()
    expect(sent).toEqual([])
    expect(home.inFlight()).toEqual([])
  })

  it('whose lock is not its own leaves all as it is', async () => {
    enqueueMany(layout, 1)
    takeReporterLock(layout.reporterLock, 'another', Date.now())
    expect(await report(job(), contextOf())).toBe(1)
    expect(sent).toEqual([])
    expect(existsSync(layout.reporterState)).toBe(false)
  })

  it('stops where consent has gone, without its lock', async () => {
    enqueueMany(layout, 1)
    let allowed = true
    answer = () => {
      allowed = false
      return OK
    }
    expect(await run(contextOf({ allowed: () => allowed }))).toBe(2)
    expect(existsSync(layout.reporterLock)).toBe(false)
    expect(readJournal(layout.journal)).toEqual([])
  })
})

describe('reportInline()', () => {
  it('is one pass, and tells what it had to drop', async () => {
    const [torn] = enqueueMany(layout, 2)
    writeFileSync(`${layout.pending}/${torn?.uuid}.json`, '{"sch')
    takeReporterLock(layout.reporterLock, 't', Date.now())
    expect(await reportInline(job('inline'), contextOf())).toBe(0)
    expect(sentIds()).toHaveLength(1)
    expect(home.pending()).toMatchObject([
      { event: 'telemetry dropped', delivery: 'inline', properties: { dropped_damaged: 1 } },
    ])
    expect(existsSync(layout.reporterLock)).toBe(false)
  })
})
