import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { CollectorError } from '../../src/collector/collector-error.ts'
import { ingest } from '../../src/collector/ingest.ts'
import type { CollectedEvent } from '../../src/collector/ingest.ts'
import { MIGRATIONS, migrate } from '../../src/collector/schema.ts'
import { chooseSqliteDriver, loadSqliteDriver, SQLITE_DRIVERS } from '../../src/collector/sqlite-driver.ts'
import type { SqliteDriver } from '../../src/collector/sqlite-driver.ts'
import { openEventStore } from '../../src/collector/store.ts'
import type { EventStore } from '../../src/collector/store.ts'

const directory = mkdtempSync(join(tmpdir(), 'afterword-store-'))
afterAll(() => rmSync(directory, { recursive: true }))

const stores: EventStore[] = []
afterEach(() => {
  for (const store of stores.splice(0)) store.close()
})

let files = 0
const newPath = (): string => join(directory, 'made', `${files++}.db`)

function events(batch: object[], now = '2026-11-20T12:00:00.000Z'): readonly CollectedEvent[] {
  let minted = 0
  const context = {
    nowMs: Date.parse(now),
    mintUuid: () => `01a1f8d2-b997-729d-9740-${String(minted++).padStart(12, '0')}`,
  }
  const whole = batch.map((event) => ({ event: 'e', distinct_id: 'd', ...event }))
  const ingested = ingest({ body: { api_key: 'k', batch: whole }, engage: false, sentAtMs: undefined }, context)
  expect(ingested.reply).toBe('{"status":"Ok"}')
  return ingested.events
}

const loaded = SQLITE_DRIVERS.map((name) => loadSqliteDriver(name))

test('at least one driver is here, and each that is not says why', () => {
  expect(loaded.some(({ kind }) => kind === 'driver')).toBe(true)
  for (const each of loaded) if (each.kind === 'missing') expect(each.reason).toMatch(/needs 22\.13|not installed/)
})

for (const each of loaded) {
  if (each.kind === 'missing') describe.skip(`${each.name} (${each.reason})`, () => test('its store', () => {}))
  else describe(each.driver.name, () => storeTests(each.driver))
}

function storeTests(driver: SqliteDriver): void {
  function open(path?: string): EventStore {
    const store = openEventStore(path, driver)
    stores.push(store)
    return store
  }

  test('append() and list() give back what was taken, odd text included', () => {
    const store = open()
    const odd = { 'naïve "key"': '\0\u2028🦀', nested: [1, { a: null }], big: 2 ** 53 - 1, __proto: 'x' }
    store.append(
      'k',
      events([{ event: 'Ωmega', distinct_id: '🦀', timestamp: '2026-11-20T11:59:59.123Z', properties: odd }]),
    )
    expect(store.list()).toEqual({
      events: [
        {
          seq: 1,
          uuid: '01a1f8d2-b997-729d-9740-000000000000',
          event: 'Ωmega',
          distinct_id: '🦀',
          timestamp: '2026-11-20T11:59:59.123Z',
          received_at: '2026-11-20T12:00:00.000Z',
          properties: odd,
        },
      ],
      next: null,
    })
  })

  test('append() replaces an event only if project, day, name, distinct id and uuid agree', () => {
    const store = open()
    const uuid = '01a1f8d2-b997-729d-9740-655c933b040f'
    const first = { uuid, timestamp: '2026-11-20T11:00:00.000Z', properties: { copy: 1 } }
    store.append('k', events([first]))
    store.append('k', events([{ ...first, timestamp: '2026-11-20T23:59:59.999Z', properties: { copy: 2 } }]))
    expect(store.list().events).toMatchObject([
      { seq: 1, timestamp: '2026-11-20T23:59:59.999Z', properties: { copy: 2 } },
    ])
    store.append('other project', events([first]))
    store.append('k', events([{ ...first, timestamp: '2026-11-19T11:00:00.000Z' }]))
    store.append('k', events([{ ...first, event: 'f' }]))
    store.append('k', events([{ ...first, distinct_id: 'f' }]))
    store.append('k', events([{ ...first, uuid: uuid.replace('f', 'e') }]))
    expect(store.list().events).toHaveLength(6)
  })

  test('append() stores all events of a request or none', () => {
    const store = open()
    const [good] = events([{}])
    if (!good) throw new Error('unreachable')
    const bad = { ...good, event: null as unknown as string }
    expect(() => store.append('k', [good, good, bad])).toThrow(/NOT NULL/)
    expect(store.list().events).toEqual([])
    store.append('k', [good])
    expect(store.list().events).toHaveLength(1)
  })

  test('list() pages in both directions and filters', () => {
    const store = open()
    store.append('k', events(Array.from({ length: 25 }, (_, i) => ({ event: `e${i % 2}`, distinct_id: `d${i % 5}` }))))
    for (const order of ['oldest', 'newest'] as const) {
      const seen: number[] = []
      let after: number | undefined
      do {
        const page = store.list({ order, limit: 10, ...(after === undefined ? {} : { after }) })
        seen.push(...page.events.map(({ seq }) => seq))
        after = page.next ?? undefined
      } while (after !== undefined)
      const all = Array.from({ length: 25 }, (_, i) => i + 1)
      expect(seen).toEqual(order === 'oldest' ? all : all.reverse())
    }
    expect(store.list({ event: 'e1', distinctId: 'd3' }).events.map(({ seq }) => seq)).toEqual([4, 14, 24])
    expect(store.list({ distinctId: 'd3', order: 'newest', limit: 2, after: 24 })).toMatchObject({
      events: [{ seq: 19 }, { seq: 14 }],
      next: 14,
    })
    expect(store.list({ limit: 5, after: 20 }).next).toBeNull()
  })

  test('a file is private, survives closing, and may be written by two', () => {
    const path = newPath()
    const first = open(path)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const second = open(path)
    first.append('k', events([{ event: 'one' }]))
    second.append('k', events([{ event: 'two' }]))
    first.close()
    second.close()
    expect(
      open(path)
        .list()
        .events.map(({ event }) => event),
    ).toEqual(['one', 'two'])
  })

  test('a file of an older version is brought forward, one of a newer is refused', () => {
    const path = newPath()
    open(path).append('k', events([{}]))
    const database = driver.open(path)
    migrate(database, [...MIGRATIONS, "ALTER TABLE events ADD COLUMN note TEXT DEFAULT 'hello'"])
    expect(database.prepare('SELECT note FROM events').get([])).toMatchObject({ note: 'hello' })
    database.close()
    expect(() => open(path)).toThrow(expect.objectContaining({ code: 'database-unusable' }) as Error)
    expect(() => open(path)).toThrow(/version 2, this afterword knows up to 1/)
  })

  test('a migration that fails leaves the file as it was', () => {
    const path = newPath()
    open(path)
    const database = driver.open(path)
    expect(() => migrate(database, [...MIGRATIONS, 'CREATE TABLE extra (a); CREATE TABLE events (a)'])).toThrow(
      /events/,
    )
    expect(database.prepare("SELECT name FROM sqlite_master WHERE name = 'extra'").get([])).toBeUndefined()
    database.close()
    expect(open(path).list().events).toEqual([])
  })

  test('a file of another program is refused and left alone', () => {
    const path = newPath()
    open(path).close()
    const theirs = newPath()
    const database = driver.open(theirs)
    database.exec('CREATE TABLE contacts (name)')
    database.close()
    expect(() => open(theirs)).toThrow(/another program/)
    writeFileSync(theirs, 'not a database, but long enough to look like a file of somebody\n'.repeat(100))
    expect(() => open(theirs)).toThrow(CollectorError)
    expect(() => open(join(path, 'below-a-file.db'))).toThrow(/opening the event database/)
  })
}

test('chooseSqliteDriver() says what to install', () => {
  expect(() => chooseSqliteDriver([])).toThrow(/npm install libsql/)
  const absent = loaded.filter(({ kind }) => kind === 'missing').map((each) => (each as { name: 'libsql' }).name)
  expect(() => chooseSqliteDriver(absent)).toThrow(expect.objectContaining({ code: 'no-sqlite-driver' }) as Error)
})
