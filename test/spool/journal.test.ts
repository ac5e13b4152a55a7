import { execFileSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { beforeEach, describe, expect, it } from 'vitest'
import { noDrops } from '../../src/spool/bounds.ts'
import { appendJournal, type JournalEntry, readJournal } from '../../src/spool/journal.ts'
import { reportDrops } from '../../src/spool/report-drops.ts'
import { SPOOL_BOUNDS } from '../../src/spool/spool-bounds.ts'
import { ANON_ID, prepareSpool } from '../support/envelopes.ts'
import { type Home, makeHome } from '../support/home.ts'

let home: Home
let path: string
beforeEach(() => {
  home = makeHome()
  prepareSpool(home.layout)
  path = home.layout.journal
})

const entry = (n: number): JournalEntry => ({
  at: new Date(n).toISOString(),
  verdict: 'accepted',
  uuid: `uuid-${n}`,
  event: 'CLI execution succeeded',
  distinct_id: 'é'.repeat(20),
  bytes: n,
})

describe('appendJournal()', () => {
  it('appends lines, 0600, and nothing for nothing', () => {
    expect(appendJournal(path, [])).toBe(true)
    expect(existsSync(path)).toBe(false)
    expect(appendJournal(path, [entry(1), entry(2)])).toBe(true)
    expect(appendJournal(path, [entry(3)])).toBe(true)
    expect(readJournal(path)).toEqual([entry(1), entry(2), entry(3)])
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it('keeps the newest half, in whole lines, when the bound is passed', () => {
    const batch = Array.from({ length: 100 }, (_, n) => entry(n))
    let most = 0
    for (let n = 0; n < 40; n++) {
      appendJournal(
        path,
        batch.map((one) => ({ ...one, bytes: n })),
      )
      most = Math.max(most, statSync(path).size)
    }
    expect(most).toBeLessThanOrEqual(SPOOL_BOUNDS.journalBytes)
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
    expect(readJournal(path)).toHaveLength(lines.length)
    expect(readJournal(path).at(-1)).toEqual({ ...entry(99), bytes: 39 })
    expect(lines.length).toBeGreaterThan(100)
  })

  it('starts anew after one line without an end', () => {
    writeFileSync(path, 'x'.repeat(SPOOL_BOUNDS.journalBytes))
    expect(appendJournal(path, [entry(1)])).toBe(true)
    expect(readJournal(path)).toEqual([entry(1)])
  })

  it.each<[string, (path: string) => void]>([
    ['a folder', (at) => mkdirSync(at)],
    ['a FIFO that nobody reads', (at) => void execFileSync('mkfifo', [at])],
    ['a link', (at) => symlinkSync(`${at}.target`, at)],
  ])('refuses %s in its place, at once', (_, make) => {
    make(path)
    expect(appendJournal(path, [entry(1)])).toBe(false)
    expect(readJournal(path)).toEqual([])
    expect(existsSync(`${path}.target`)).toBe(false)
  })

  it('without a folder is false', () => {
    expect(appendJournal(`${home.path}/nowhere/sent.jsonl`, [entry(1)])).toBe(false)
  })
})

describe('readJournal()', () => {
  it('leaves out a torn end and what is no entry', () => {
    appendJournal(path, [entry(1)])
    appendFileSync(path, 'null\n7\n{"at":5}\n{"uuid":"x"}\n{"at":"2026-')
    expect(readJournal(path)).toEqual([entry(1)])
    expect(readJournal(`${path}.missing`)).toEqual([])
  })
})

describe('reportDrops()', () => {
  const ORIGIN = { app: 'acme', api_key: 'phc_test', host: 'http://h', delivery: 'detached' } as const
  const NOW = Date.UTC(2026, 0, 2)
  const COUNTS = { dropped: 3, dropped_too_old: 2, dropped_damaged: 1, dropped_commands: 2, dropped_others: 1 }

  it('of nothing writes nothing', () => {
    expect(reportDrops(home.layout, noDrops(), ORIGIN, NOW, () => true)).toBeNull()
    expect(home.pending()).toEqual([])
    expect(existsSync(path)).toBe(false)
  })

  it('is one envelope in the name of the installation, never of a person, and one line of the journal', () => {
    writeFileSync(home.layout.usage, JSON.stringify({ anon_id: ANON_ID, linked_principal_id: 'usr_1' }))
    const uuid = reportDrops(home.layout, COUNTS, ORIGIN, NOW, () => true)
    expect(home.pending()).toEqual([
      {
        schema_version: 1,
        uuid,
        timestamp: '2026-01-02T00:00:00.000Z',
        event: 'telemetry dropped',
        distinct_id: ANON_ID,
        is_anon: true,
        properties: { ...COUNTS, $geoip_disable: true, $ip: null },
        ...ORIGIN,
      },
    ])
    expect(readJournal(path)).toEqual([
      {
        at: '2026-01-02T00:00:00.000Z',
        verdict: 'dropped',
        uuid: null,
        event: '3 events',
        reason: 'too_old 2, damaged 1, commands 2, others 1',
      },
    ])
  })

  it('takes back both when `off` came meanwhile (race R54)', () => {
    writeFileSync(home.layout.usage, JSON.stringify({ anon_id: ANON_ID, linked_principal_id: null }))
    let waited = 0
    const off = (): boolean => {
      waited = home.pending().length
      return false
    }
    expect(reportDrops(home.layout, COUNTS, ORIGIN, NOW, off)).toBeNull()
    expect(waited, 'looked before it wrote').toBe(1)
    expect(home.pending()).toEqual([])
    expect(existsSync(path)).toBe(false)
  })

  it.each([
    ['damaged', '{"anon'],
    ['of another shape', '{"anon_id":7}'],
    ['null', 'null'],
  ])('without an identity (%s) stays in the journal', (_, usage) => {
    writeFileSync(home.layout.usage, usage)
    expect(reportDrops(home.layout, COUNTS, ORIGIN, NOW, () => true)).toBeNull()
    expect(home.pending()).toEqual([])
    expect(readJournal(path)).toHaveLength(1)
  })
})
