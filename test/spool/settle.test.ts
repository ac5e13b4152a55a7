import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Envelope } from '../../src/events/envelope.ts'
import type { InstanceVerdict, ProcessInstance } from '../../src/platform/process-instance.ts'
import { noDrops } from '../../src/spool/bounds.ts'
import { replace, type InFlightRecord, inFlightPath, pendingPath, writeBegun } from '../../src/spool/in-flight.ts'
import { decideInFlight, settleAliases, settleInFlight } from '../../src/spool/settle.ts'
import { SPOOL_BOUNDS } from '../../src/spool/spool-bounds.ts'
import type { SpoolLayout } from '../../src/spool/spool-layout.ts'
import { ANON_ID, makeEnvelope, prepareSpool } from '../support/envelopes.ts'
import { makeHome } from '../support/home.ts'

const NOW = Date.now()
const MINUTE_MS = SPOOL_BOUNDS.settleAgeMs
const HERE: ProcessInstance = { pid: 1, start_ticks: 10, boot_id: 'b', pid_namespace: 'pid:[1]', host_name: 'h' }
const envelope = makeEnvelope({ event: 'CLI execution failed' })
const recordOf = (more: Partial<InFlightRecord> = {}): InFlightRecord => ({
  schema_version: 1,
  state: 'begun',
  process: { ...HERE, pid: 4711 },
  envelope,
  ...more,
})
const ALIAS_UUID = 'c2a1e0d4-1f0b-5c3e-9d2a-0123456789ab'
const aliasOf = (distinctId: string, alias: string, uuid = ALIAS_UUID): Envelope =>
  makeEnvelope({
    uuid,
    event: '$create_alias',
    distinct_id: distinctId,
    properties: { distinct_id: distinctId, alias },
  })

describe('decideInFlight()', () => {
  const begun = JSON.stringify(recordOf())
  const held = JSON.stringify(recordOf({ state: 'held' }))
  const finished = JSON.stringify(envelope)
  const foreign = JSON.stringify({ ...recordOf(), schema_version: 2 })
  const foreignEnvelope = JSON.stringify({ ...envelope, schema_version: 3 })
  const alias = JSON.stringify(aliasOf('usr', ANON_ID))
  const LEAVE = { kind: 'leave' }
  const ADOPT = { kind: 'adopt', envelope }
  const TOO_OLD = { kind: 'drop', reason: 'too_old' }
  const DAMAGED = { kind: 'drop', reason: 'damaged' }
  const YOUNG = 1000
  const OLD = SPOOL_BOUNDS.ageMs + 1000

  it.each<[string, string | null, number, number, InstanceVerdict, unknown]>([
    ['begun, its process gone', begun, YOUNG, YOUNG, 'gone', ADOPT],
    ['begun, its process gone long ago', begun, OLD, OLD, 'gone', ADOPT],
    ['begun, its process alive', begun, YOUNG, YOUNG, 'alive', LEAVE],
    ['begun, its process alive for a month', begun, OLD, OLD, 'alive', TOO_OLD],
    ['begun elsewhere', begun, YOUNG, YOUNG, 'unknown', LEAVE],
    ['begun elsewhere a month ago', begun, OLD, OLD, 'unknown', TOO_OLD],
    ['held, its process gone', held, YOUNG, YOUNG, 'gone', ADOPT],
    ['held, its process alive', held, YOUNG, YOUNG, 'alive', LEAVE],
    ['finished', finished, YOUNG, YOUNG, 'alive', { kind: 'publish' }],
    ['finished a month ago', finished, OLD, OLD, 'unknown', { kind: 'publish' }],
    ['an alias', alias, YOUNG, YOUNG, 'alive', { kind: 'alias' }],
    ['an old alias', alias, OLD, OLD, 'gone', { kind: 'alias' }],
    ["a newer version's record", foreign, OLD, OLD, 'gone', LEAVE],
    ["a newer version's envelope", foreignEnvelope, OLD, OLD, 'gone', LEAVE],
    ['torn, young', begun.slice(0, 50), MINUTE_MS - 1, YOUNG, 'gone', LEAVE],
    ['torn, over a minute old', begun.slice(0, 50), MINUTE_MS + 1, YOUNG, 'alive', DAMAGED],
    ['torn, dated over a minute ahead', '', -MINUTE_MS - 1, YOUNG, 'alive', DAMAGED],
    ['empty, young', '', 0, YOUNG, 'gone', LEAVE],
    ['unreadable, young', null, YOUNG, YOUNG, 'gone', LEAVE],
    ['unreadable, old', null, OLD, OLD, 'gone', DAMAGED],
  ])('%s', (_, text, ageMs, recordedAgeMs, verdict, expected) => {
    expect(decideInFlight(text, ageMs, recordedAgeMs, () => verdict)).toEqual(expected)
  })
})

describe('settleInFlight()', () => {
  let layout: SpoolLayout
  beforeEach(() => {
    layout = makeHome().layout
    prepareSpool(layout)
  })

  const settle = (
    more: Partial<Parameters<typeof settleInFlight>[2]> = {},
  ): { settled: ReturnType<typeof settleInFlight>; drops: ReturnType<typeof noDrops> } => {
    const drops = noDrops()
    const seams = { here: HERE, probe: () => null, nowMs: NOW, stillAllowed: () => true, ...more }
    return { settled: settleInFlight(layout, drops, seams), drops }
  }
  const begin = (process: Partial<ProcessInstance> = {}, recordedMs = NOW): Envelope => {
    const mine = makeEnvelope({ event: 'CLI execution failed', properties: { outcome: 'crashed' } }, recordedMs)
    writeBegun(layout, recordOf({ process: { ...HERE, pid: 4711, ...process }, envelope: mine }))
    return mine
  }

  it.each<[string, Partial<ProcessInstance>, { state: string; startTicks: number | null } | null, boolean]>([
    ['is no more', {}, null, true],
    ['is a zombie', {}, { state: 'Z', startTicks: 10 }, true],
    ['is dead', {}, { state: 'X', startTicks: 10 }, true],
    ['is another of the same pid', {}, { state: 'S', startTicks: 11 }, true],
    ['runs', {}, { state: 'R', startTicks: 10 }, false],
    ['sleeps', {}, { state: 'D', startTicks: 10 }, false],
    ['is stopped', {}, { state: 'T', startTicks: 10 }, false],
    ['was in another container', { pid_namespace: 'pid:[2]' }, null, false],
    ['was before this boot, on this host', { boot_id: 'before' }, { state: 'R', startTicks: 10 }, true],
    ['was on another machine', { boot_id: 'theirs', host_name: 'other' }, null, false],
    ['was on a machine without a name', { boot_id: 'theirs', host_name: null }, null, false],
  ])('a command whose process %s', (_, process, probe, isCrashed) => {
    const mine = begin(process)
    const { settled, drops } = settle({ probe: () => probe })
    expect(settled).toEqual({ published: isCrashed ? 1 : 0, aliasFound: false })
    expect(drops.dropped).toBe(0)
    expect(existsSync(pendingPath(layout, mine.uuid))).toBe(isCrashed)
    expect(existsSync(inFlightPath(layout, mine.uuid))).toBe(!isCrashed)
    const text = readFileSync((isCrashed ? pendingPath : inFlightPath)(layout, mine.uuid), 'utf8')
    expect(JSON.parse(text)).toMatchObject(isCrashed ? mine : { state: 'begun', envelope: mine })
  })

  it('moves what is finished, leaves a newer version, drops the torn, and says that an alias is there', () => {
    const finished = makeEnvelope()
    replace(layout, finished)
    const foreign = makeEnvelope()
    writeFileSync(inFlightPath(layout, foreign.uuid), JSON.stringify({ ...foreign, schema_version: 2 }))
    const torn = makeEnvelope()
    writeFileSync(inFlightPath(layout, torn.uuid), '{"schema')
    replace(layout, aliasOf('usr', ANON_ID))
    const young = settle()
    expect(young.settled).toEqual({ published: 1, aliasFound: true })
    expect(young.drops).toEqual({ dropped: 0 })
    expect(existsSync(inFlightPath(layout, torn.uuid))).toBe(true)
    const past = (NOW - MINUTE_MS - 1000) / 1000
    utimesSync(inFlightPath(layout, torn.uuid), past, past)
    expect(settle().drops).toEqual({ dropped: 1, dropped_damaged: 1, dropped_others: 1 })
    expect(readdirSync(layout.inFlight).toSorted()).toEqual([`${foreign.uuid}.json`, `${ALIAS_UUID}.json`].toSorted())
    expect(readdirSync(layout.pending)).toEqual([`${finished.uuid}.json`])
  })

  it('drops what belongs to nobody here after 30 days, and counts it', () => {
    begin({ pid_namespace: 'pid:[2]' }, NOW - SPOOL_BOUNDS.ageMs - 1000)
    expect(settle().drops).toMatchObject({ dropped: 1, dropped_too_old: 1 })
    expect(readdirSync(layout.inFlight)).toEqual([])
  })

  it('asks for consent before each change, and takes back what it published against a no (race R4)', () => {
    begin()
    const { settled } = settle({ stillAllowed: () => false })
    expect(settled.published).toBe(0)
    expect(readdirSync(layout.inFlight)).toHaveLength(1)
    let asked = 0
    settle({ stillAllowed: () => ++asked === 1 })
    expect(readdirSync(layout.pending)).toEqual([])
    expect(readdirSync(layout.inFlight)).toEqual([])
  })

  it('of a folder that holds other things does nothing to them', () => {
    mkdirSync(`${layout.inFlight}/folder`)
    const { uuid } = makeEnvelope()
    mkdirSync(inFlightPath(layout, uuid))
    writeFileSync(`${layout.inFlight}/notes`, '')
    expect(settle().settled.published).toBe(0)
    expect(readdirSync(layout.inFlight)).toHaveLength(3)
  })
})

describe('settleAliases()', () => {
  const PRINCIPAL = 'usr_1'
  const other = 'd2a1e0d4-1f0b-5c3e-9d2a-0123456789ab'

  it.each<[string, { anon_id: string; linked_principal_id: string | null }, 'sent' | 'deleted']>([
    ['its pair is the link', { anon_id: ANON_ID, linked_principal_id: PRINCIPAL }, 'sent'],
    ['nobody is linked', { anon_id: ANON_ID, linked_principal_id: null }, 'deleted'],
    ['somebody else is', { anon_id: ANON_ID, linked_principal_id: 'usr_2' }, 'deleted'],
    ['the anonymous id was rotated', { anon_id: other, linked_principal_id: PRINCIPAL }, 'deleted'],
  ])('where %s', (_, identity, expected) => {
    const { layout } = makeHome()
    prepareSpool(layout)
    replace(layout, aliasOf(PRINCIPAL, ANON_ID))
    const begun = makeEnvelope()
    writeBegun(layout, recordOf({ envelope: begun }))
    settleAliases(layout, identity)
    expect(readdirSync(layout.pending)).toEqual(expected === 'sent' ? [`${ALIAS_UUID}.json`] : [])
    expect(readdirSync(layout.inFlight)).toEqual([`${begun.uuid}.json`])
  })
})
