import { existsSync, linkSync, mkdirSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { beforeEach, describe, expect, it } from 'vitest'
import { encodeEnvelope, type Envelope } from '../../src/events/envelope.ts'
import {
  countDrop,
  type DropCounts,
  dropFile,
  listWaiting,
  noDrops,
  prunePending,
  sweepTemporary,
} from '../../src/spool/bounds.ts'
import { enqueue, pendingPath } from '../../src/spool/in-flight.ts'
import { SPOOL_BOUNDS } from '../../src/spool/spool-bounds.ts'
import type { SpoolLayout } from '../../src/spool/spool-layout.ts'
import { enqueueMany, makeEnvelope, prepareSpool, uuidAt } from '../support/envelopes.ts'
import { type Home, makeHome } from '../support/home.ts'

const NOW = Date.now()
const DAY_MS = 86_400_000
let home: Home
let layout: SpoolLayout
beforeEach(() => {
  home = makeHome()
  layout = home.layout
  prepareSpool(layout)
})

const waitingIds = (): readonly string[] => listWaiting(layout.pending).map(({ uuid }) => uuid)

function prune(nowMs = NOW, allowed = (): boolean => true): DropCounts {
  const counts = noDrops()
  prunePending(layout, nowMs, counts, allowed)
  return counts
}

/** Cheap files: pruning by count and age looks at names only, until it counts what it deletes. */
function touch(count: number, recordedMs: (index: number) => number): readonly string[] {
  return Array.from({ length: count }, (_, index) => {
    const envelope = makeEnvelope({}, recordedMs(index))
    writeFileSync(pendingPath(layout, envelope.uuid), encodeEnvelope(envelope))
    return envelope.uuid
  })
}

describe('listWaiting()', () => {
  it('is oldest first by the time in the name, aliases by the file, and passes over all other names', () => {
    const late = uuidAt(NOW)
    const early = uuidAt(NOW - 5000)
    const alias = 'c2a1e0d4-1f0b-5c3e-9d2a-0123456789ab'
    for (const name of [late, early, alias]) writeFileSync(pendingPath(layout, name), '')
    utimesSync(pendingPath(layout, alias), NOW / 1000 - 2, NOW / 1000 - 2)
    for (const name of ['README', `${late}.json.12.tmp`, late, 'x.json', `${late.toUpperCase()}A.json`])
      writeFileSync(`${layout.pending}/${name}`, '')
    expect(waitingIds()).toEqual([early, alias, late])
    const early0 = listWaiting(layout.pending)[0]
    expect(early0?.recordedMs).toBe(NOW - 5000)
  })

  it('of a folder that is missing or a file is nothing', () => {
    expect(listWaiting(`${home.path}/nowhere`)).toEqual([])
    expect(listWaiting(layout.usage)).toEqual([])
  })
})

describe('prunePending()', () => {
  it('leaves what is within the bounds', () => {
    const ids = touch(20, (index) => NOW - index * DAY_MS)
    expect(prune()).toEqual({ dropped: 0 })
    expect(waitingIds()).toHaveLength(ids.length)
  })

  it('drops the oldest beyond the count, and counts them', () => {
    const ids = touch(SPOOL_BOUNDS.pendingFiles + 3, (index) => NOW - 100_000 + index)
    expect(prune()).toEqual({ dropped: 3, dropped_too_many: 3, dropped_commands: 3 })
    expect(waitingIds()).toEqual(ids.slice(3))
    expect(prune()).toEqual({ dropped: 0 })
  })

  it('drops the oldest beyond the bytes', () => {
    const size = 31 * 1024
    const fits = Math.floor(SPOOL_BOUNDS.pendingBytes / size)
    const ids: string[] = []
    for (let index = 0; index < fits + 2; index++) {
      const envelope = makeEnvelope({}, NOW - 100_000 + index)
      writeFileSync(pendingPath(layout, envelope.uuid), encodeEnvelope(envelope).trimEnd().padEnd(size))
      ids.push(envelope.uuid)
    }
    expect(prune()).toEqual({ dropped: 2, dropped_too_large: 2, dropped_commands: 2 })
    expect(waitingIds()).toEqual(ids.slice(2))
  })

  it('drops what is older than 30 days, by its name and not by its file', () => {
    const old = touch(2, () => NOW - SPOOL_BOUNDS.ageMs - 1000)
    const [young] = touch(1, () => NOW - SPOOL_BOUNDS.ageMs + 1000)
    utimesSync(pendingPath(layout, young as string), 0, 0)
    expect(prune()).toEqual({ dropped: 2, dropped_too_old: 2, dropped_commands: 2 })
    expect(waitingIds()).toEqual([young])
    expect(old).toHaveLength(2)
  })

  it('stops at once when consent is gone', () => {
    touch(5, () => NOW - SPOOL_BOUNDS.ageMs - 1000)
    let asked = 0
    expect(prune(NOW, () => ++asked <= 2).dropped).toBe(2)
    expect(waitingIds()).toHaveLength(3)
  })

  it("leaves a newer version's files alone, which bounds them itself", () => {
    const [foreign] = touch(1, () => NOW - SPOOL_BOUNDS.ageMs - 1000)
    writeFileSync(pendingPath(layout, foreign as string), '{"schema_version":2}')
    expect(prune()).toEqual({ dropped: 0 })
    expect(waitingIds()).toEqual([foreign])
  })
})

describe('countDrop()', () => {
  const text = (event: string, properties: Envelope['properties'] = {}): string =>
    encodeEnvelope(makeEnvelope({ event: event as Envelope['event'], properties }))

  it.each<[string, string | null, DropCounts]>([
    ['a command', text('CLI execution failed'), { dropped: 1, dropped_damaged: 1, dropped_commands: 1 }],
    ['an alias', text('$create_alias'), { dropped: 1, dropped_damaged: 1, dropped_others: 1 }],
    ['what cannot be read', null, { dropped: 1, dropped_damaged: 1, dropped_others: 1 }],
    ['what is torn', '{"sch', { dropped: 1, dropped_damaged: 1, dropped_others: 1 }],
    [
      'a count, which is handed on and not counted itself',
      text('telemetry dropped', { dropped: 7, dropped_too_old: 7, dropped_commands: 7, $ip: null, other: 3 }),
      { dropped: 7, dropped_too_old: 7, dropped_commands: 7 },
    ],
  ])('of %s', (_, given, expected) => {
    const counts = noDrops()
    countDrop(counts, given, 'damaged')
    expect(counts).toEqual(expected)
  })

  it('adds up: the sum of the reasons and the sum of the kinds are the whole', () => {
    const counts = noDrops()
    countDrop(counts, text('CLI execution failed'), 'too_old')
    countDrop(counts, text('CLI execution failed'), 'too_many')
    countDrop(counts, null, 'rejected')
    countDrop(counts, text('telemetry dropped', { dropped: 2, dropped_damaged: 2, dropped_others: 2 }), 'too_many')
    expect(counts.dropped).toBe(5)
    const sum = (names: readonly string[]): number =>
      names.reduce((all, name) => all + (counts[`dropped_${name}` as keyof DropCounts] ?? 0), 0)
    expect(sum(['too_old', 'too_many', 'too_large', 'damaged', 'rejected'])).toBe(5)
    expect(sum(['commands', 'sessions', 'others'])).toBe(5)
  })
})

describe('dropFile()', () => {
  it('counts for one of two who delete at once (race R9)', () => {
    const [envelope] = enqueueMany(layout, 1)
    const path = pendingPath(layout, envelope?.uuid ?? '')
    const [one, other] = [noDrops(), noDrops()]
    expect([dropFile(path, one, 'too_old'), dropFile(path, other, 'too_old')]).toEqual([true, false])
    expect([one.dropped, other.dropped]).toEqual([1, 0])
  })

  it('deletes a link, never what it leads to', () => {
    const target = `${home.path}/precious`
    writeFileSync(target, 'x')
    const path = pendingPath(layout, uuidAt(NOW))
    symlinkSync(target, path)
    expect(dropFile(path, noDrops(), 'damaged')).toBe(true)
    expect(existsSync(target)).toBe(true)
  })
})

describe('two that prune one spool', () => {
  it('count every file once between them (race R9)', () => {
    touch(30, () => NOW - SPOOL_BOUNDS.ageMs - 1000)
    const [one, other] = [noDrops(), noDrops()]
    // The second works on whatever the first has left at each of its steps.
    prunePending(layout, NOW, one, () => {
      if (one.dropped % 3 === 1) prunePending(layout, NOW, other, () => other.dropped < one.dropped)
      return true
    })
    expect(one.dropped + other.dropped).toBe(30)
    expect(other.dropped).toBeGreaterThan(0)
    expect(waitingIds()).toEqual([])
  })
})

describe('sweepTemporary()', () => {
  it('takes unfinished writes over a minute old, and nothing else', () => {
    const old = new Date(NOW - SPOOL_BOUNDS.settleAgeMs - 1000)
    const ahead = new Date(NOW + SPOOL_BOUNDS.settleAgeMs + 5000)
    const make = (name: string, at?: Date): void => {
      writeFileSync(`${layout.directory}/${name}`, '')
      if (at !== undefined) utimesSync(`${layout.directory}/${name}`, at, at)
    }
    make('a.json.12.tmp', old)
    make('usage.json.123456', old)
    make('b.tmp', ahead)
    make('c.json.12.tmp')
    make('usage.json.damaged-1', old)
    make('notes.txt', old)
    mkdirSync(`${layout.directory}/folder.tmp`)
    linkSync(`${layout.directory}/notes.txt`, `${layout.directory}/notes.json.1`)
    sweepTemporary([layout.directory, `${home.path}/nowhere`], NOW)
    expect(readdirSync(layout.directory).toSorted()).toEqual(
      [
        'c.json.12.tmp',
        'folder.tmp',
        'notes.json.1',
        'notes.txt',
        'telemetry',
        'usage.json',
        'usage.json.damaged-1',
      ].toSorted(),
    )
    rmSync(`${layout.directory}/folder.tmp`, { recursive: true })
  })

  it('leaves envelopes', () => {
    const envelope = makeEnvelope()
    enqueue(layout, envelope)
    sweepTemporary([layout.pending], NOW + DAY_MS)
    expect(waitingIds()).toEqual([envelope.uuid])
  })
})
