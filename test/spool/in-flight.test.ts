import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { beforeEach, describe, expect, it } from 'vitest'
import { encodeEnvelope, parseEnvelope } from '../../src/events/envelope.ts'
import { currentInstance } from '../../src/platform/process-instance.ts'
import {
  commit,
  enqueue,
  hasBegun,
  type InFlightRecord,
  inFlightPath,
  parseInFlight,
  pendingPath,
  publish,
  removeQuietly,
  replace,
  writeBegun,
} from '../../src/spool/in-flight.ts'
import { SPOOL_BOUNDS } from '../../src/spool/spool-bounds.ts'
import type { SpoolLayout } from '../../src/spool/spool-layout.ts'
import { makeEnvelope } from '../support/envelopes.ts'
import { makeHome } from '../support/home.ts'

const HERE = currentInstance()
const envelope = makeEnvelope()
const record: InFlightRecord = { schema_version: 1, state: 'begun', process: HERE, envelope }
const WRITTEN = { kind: 'written' }

let layout: SpoolLayout
beforeEach(() => {
  layout = makeHome().layout
  mkdirSync(layout.telemetry, { recursive: true })
})

const read = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'))
const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)

describe('the gesture', () => {
  it('writes the record, the finished envelope behind it, and moves them, 0600 in 0700', () => {
    expect(writeBegun(layout, record)).toEqual(WRITTEN)
    const path = inFlightPath(layout, envelope.uuid)
    expect(read(path)).toEqual(record)
    expect(hasBegun(layout, envelope.uuid)).toBe(true)
    expect([modeOf(layout.inFlight), modeOf(path)]).toEqual(['700', '600'])
    const held = { ...record, state: 'held' } as const
    expect(replace(layout, held)).toEqual(WRITTEN)
    expect(read(path)).toEqual(held)
    expect(commit(layout, envelope)).toEqual(WRITTEN)
    expect(readFileSync(path, 'utf8')).toBe(`${JSON.stringify(held)}\n${encodeEnvelope(envelope)}`)
    expect(parseInFlight(readFileSync(path, 'utf8'))).toEqual({ kind: 'envelope', envelope })
    expect(publish(layout, envelope.uuid)).toBe('published')
    expect(readdirSync(layout.inFlight)).toEqual([])
    expect(parseEnvelope(readFileSync(pendingPath(layout, envelope.uuid), 'utf8'))).toEqual({
      kind: 'envelope',
      envelope,
    })
    expect([modeOf(layout.pending), modeOf(pendingPath(layout, envelope.uuid))]).toEqual(['700', '600'])
  })

  it('publish() is gone when somebody else has moved or erased it (race R5)', () => {
    replace(layout, envelope)
    expect(publish(layout, envelope.uuid)).toBe('published')
    expect(publish(layout, envelope.uuid)).toBe('gone')
    rmSync(layout.pending, { recursive: true })
    rmSync(layout.inFlight, { recursive: true })
    expect(publish(layout, envelope.uuid)).toBe('gone')
  })

  it('writeBegun() never writes over anything', () => {
    expect(writeBegun(layout, record)).toEqual(WRITTEN)
    expect(writeBegun(layout, record)).toEqual({ kind: 'failed', reason: 'EEXIST' })
  })

  it('a kill within the commit, at whatever byte, leaves the record', () => {
    const begun = `${JSON.stringify(record)}\n`
    const whole = begun + encodeEnvelope(envelope)
    for (let length = begun.length; length < whole.length; length++)
      expect(parseInFlight(whole.slice(0, length))).toEqual({ kind: 'record', record })
    expect(parseInFlight(whole)).toEqual({ kind: 'envelope', envelope })
  })

  it('a long envelope takes the place of a record that is long itself: what readers take holds it', () => {
    const properties = { added: 'x'.repeat(20_000) }
    replace(layout, { ...record, state: 'held', envelope: { ...envelope, properties } })
    expect(commit(layout, { ...envelope, properties })).toEqual(WRITTEN)
    expect(readFileSync(inFlightPath(layout, envelope.uuid), 'utf8')).toBe(encodeEnvelope({ ...envelope, properties }))
  })

  it('commit() makes no file where `off` erased one (race R4), nor its folder; enqueue() makes one whole file', () => {
    expect(commit(layout, envelope)).toEqual({ kind: 'failed', reason: 'ENOENT' })
    expect(readdirSync(layout.telemetry)).toEqual([])
    writeBegun(layout, record)
    removeQuietly(inFlightPath(layout, envelope.uuid))
    expect(commit(layout, envelope)).toEqual({ kind: 'failed', reason: 'ENOENT' })
    expect(hasBegun(layout, envelope.uuid)).toBe(false)
    expect(enqueue(layout, envelope)).toEqual(WRITTEN)
    expect(readdirSync(layout.pending)).toEqual([`${envelope.uuid}.json`])
  })
})

describe('an envelope beyond the bound', () => {
  const of = (bytes: number): typeof envelope => {
    const rest = Buffer.byteLength(encodeEnvelope({ ...envelope, distinct_id: '' }))
    return {
      ...envelope,
      distinct_id: 'é'.repeat((bytes - rest) >> 1).padEnd(((bytes - rest) >> 1) + ((bytes - rest) & 1), 'x'),
    }
  }

  it.each([
    [SPOOL_BOUNDS.envelopeBytes, WRITTEN],
    [SPOOL_BOUNDS.envelopeBytes + 1, { kind: 'failed', reason: 'oversize' }],
  ])('of %i bytes is %j, counted in bytes and not in characters', (bytes, expected) => {
    expect(Buffer.byteLength(encodeEnvelope(of(bytes)))).toBe(bytes)
    writeBegun(layout, record)
    for (const write of [enqueue, replace, commit]) expect(write(layout, of(bytes))).toEqual(expected)
  })
})

describe('where nothing can be written', () => {
  it.each<[string, (folder: string) => void, string]>([
    ['a file in the way', (folder) => writeFileSync(folder, ''), 'ENOTDIR'],
    ['a link to nowhere', (folder) => symlinkSync('/nonexistent/there', folder), 'ENOENT'],
  ])('%s is an outcome, not a throw', (_, spoil, reason) => {
    spoil(layout.inFlight)
    spoil(layout.pending)
    expect(writeBegun(layout, record)).toEqual({ kind: 'failed', reason })
    expect(commit(layout, envelope)).toEqual({ kind: 'failed', reason })
    expect(enqueue(layout, envelope)).toEqual({ kind: 'failed', reason })
    rmSync(layout.inFlight)
    replace(layout, envelope)
    expect(publish(layout, envelope.uuid)).toBe('failed')
    expect(hasBegun(layout, envelope.uuid)).toBe(true)
  })

  it('a missing state directory is an outcome', () => {
    rmSync(layout.directory, { recursive: true })
    expect(enqueue(layout, envelope)).toEqual({ kind: 'failed', reason: 'ENOENT' })
    expect(publish(layout, envelope.uuid)).toBe('failed')
    expect(() => removeQuietly(pendingPath(layout, envelope.uuid))).not.toThrow()
  })

  it.for(['commit', 'replace'])('%s() on a full disk leaves the old record, and no file more', (write, { skip }) => {
    // Longer than what is free of the record's own page: a full disk takes the first bytes, and refuses the rest.
    const long = { ...envelope, properties: { added: 'x'.repeat(6_000) } }
    writeFileSync(`${layout.telemetry}/begun`, `${JSON.stringify(record)}\n`)
    mkdirSync(layout.inFlight)
    const path = inFlightPath(layout, envelope.uuid)
    // A tmpfs of two pages, full: what root may not be refused, a full disk refuses.
    const script = `
      import { ${write} } from ${JSON.stringify(new URL('../../dist/spool/in-flight.js', import.meta.url).href)}
      import { readFileSync, writeFileSync } from 'node:fs'
      const layout = ${JSON.stringify(layout)}
      try { writeFileSync(layout.inFlight + '/fill', 'x'.repeat(65536)) } catch {}
      const outcome = ${write}(layout, ${JSON.stringify(long)})
      console.log(JSON.stringify({ outcome, left: readFileSync('${path}', 'utf8') }))`
    const mount = `mount -t tmpfs -o size=8k none '${layout.inFlight}' && cp '${layout.telemetry}/begun' '${path}'`
    let said: string
    try {
      const after = `"$0" --input-type=module -e "$1" && ls '${layout.inFlight}'`
      said = execFileSync('unshare', ['-m', 'sh', '-c', `${mount} && ${after}`, process.execPath, script], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      })
    } catch {
      return skip('needs root, unshare and mount')
    }
    const [first, ...names] = said.trim().split('\n')
    const { outcome, left } = JSON.parse(first ?? '') as { outcome: unknown; left: string }
    expect(outcome).toEqual({ kind: 'failed', reason: 'ENOSPC' })
    expect(parseInFlight(left)).toEqual({ kind: 'record', record })
    expect(names).toEqual([`${envelope.uuid}.json`, 'fill'])
  })
})

describe('parseInFlight()', () => {
  const text = (value: unknown): string => JSON.stringify(value)
  it.each<[string, string, unknown]>([
    ['a begun record', text(record), { kind: 'record', record }],
    ['a held record', text({ ...record, state: 'held' }), { kind: 'record', record: { ...record, state: 'held' } }],
    ['an envelope', encodeEnvelope(envelope), { kind: 'envelope', envelope }],
    ['what was put behind another line', `{}\n${encodeEnvelope(envelope)}`, { kind: 'envelope', envelope }],
    ['nothing', '', { kind: 'torn' }],
    ['an empty line', '\n', { kind: 'torn' }],
    ['half of it', text(record).slice(0, 80), { kind: 'torn' }],
    ['null', 'null', { kind: 'torn' }],
    ['a number', '7', { kind: 'torn' }],
    ['another state', text({ ...record, state: 'dreaming' }), { kind: 'torn' }],
    ['no process', text({ ...record, process: { pid: 0 } }), { kind: 'torn' }],
    ['no envelope', text({ ...record, envelope: undefined }), { kind: 'torn' }],
    ["a newer version's record", text({ ...record, schema_version: 2, state: 'other' }), { kind: 'foreign-schema' }],
    ["a newer version's envelope", text({ ...envelope, schema_version: 2 }), { kind: 'foreign-schema' }],
    [
      "a record around a newer version's envelope",
      text({ ...record, envelope: { schema_version: 2 } }),
      { kind: 'foreign-schema' },
    ],
  ])('of %s', (_, given, expected) => {
    expect(parseInFlight(given)).toEqual(expected)
  })
})

describe('removeQuietly()', () => {
  it('removes, and is silent about what cannot be removed', () => {
    enqueue(layout, envelope)
    removeQuietly(pendingPath(layout, envelope.uuid))
    expect(readdirSync(layout.pending)).toEqual([])
    chmodSync(layout.pending, 0o500)
    removeQuietly(layout.pending)
    expect(readdirSync(layout.pending)).toEqual([])
  })
})
