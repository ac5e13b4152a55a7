import fs from 'node:fs'
import { expect, test } from 'vitest'
import type { Attribution, SinkEvent } from '../../src/events/event-sink.ts'
import { spoolSink, type SpoolSinkSeams } from '../../src/spool/spool-sink.ts'
import { makeHome } from '../support/home.ts'

const attribution: Attribution = {
  app: 'acme',
  api_key: 'phc_test',
  host: 'http://127.0.0.1:9',
  delivery: 'detached',
  distinct_id: 'alice',
  is_anon: false,
  consent_mark: 'the choice of then',
}

const event: SinkEvent = {
  event: 'CLI session summarized',
  uuid: '01900000-0000-7000-8000-000000000001',
  timestamp: '2026-01-01T00:00:02.000Z',
  properties: { duration: 2000, subtype: 'success', recovered: false, command_line: 'make --password=x' },
  attribution,
}

/** A sink of a home, and what it did. */
function sinkOf(seams: Partial<SpoolSinkSeams> = {}) {
  const home = makeHome()
  fs.mkdirSync(home.layout.telemetry, { recursive: true })
  const launched: string[] = []
  const failed: string[] = []
  const sink = spoolSink({
    layout: home.layout,
    allowed: () => true,
    consentMark: () => 'the choice of then',
    launch: (uuid) => launched.push(uuid),
    failed: (reason) => failed.push(reason),
    ...seams,
  })
  return { home, sink, launched, failed }
}

/** Says each of these once, in turn, and then the last one for ever. */
function inTurn<T>(...values: readonly [T, ...(readonly T[])]): () => T {
  const left = [...values]
  return () => (left.length > 1 ? left.shift() : left[0]) as T
}

test('spoolSink() writes an envelope to whom the attribution says, without its mark, and asks for a reporter', () => {
  const { home, sink, launched, failed } = sinkOf()
  sink(event)
  expect(home.pending()).toEqual([
    {
      schema_version: 1,
      uuid: event.uuid,
      timestamp: event.timestamp,
      event: 'CLI session summarized',
      properties: { duration: 2000, subtype: 'success', recovered: false },
      app: 'acme',
      api_key: 'phc_test',
      host: 'http://127.0.0.1:9',
      delivery: 'detached',
      distinct_id: 'alice',
      is_anon: false,
    },
  ])
  expect([launched, failed]).toEqual([[event.uuid], []])
})

test('spoolSink() the same event again is one file', () => {
  const { home, sink } = sinkOf()
  sink(event)
  sink(event)
  expect(home.pending()).toHaveLength(1)
})

test.each<readonly [string, Partial<SpoolSinkSeams>, Partial<SinkEvent>]>([
  ['nobody it may be booked to', {}, { attribution: null }],
  ['a name that is not in the catalogue', {}, { event: 'CLI whatever' as SinkEvent['event'] }],
  ['a no', { allowed: () => false }, {}],
  ['another choice than when it began', { consentMark: () => 'a later one' }, {}],
])('spoolSink() writes nothing and asks for nobody: %s', (_, seams, changed) => {
  const { home, sink, launched, failed } = sinkOf(seams)
  sink({ ...event, ...changed })
  expect([home.files(), launched, failed]).toEqual([[], [], []])
})

test.each<readonly [string, Partial<SpoolSinkSeams>]>([
  ['no', { allowed: inTurn(true, false) }],
  ['off and on again', { consentMark: inTurn('the choice of then', 'a later one') }],
])('spoolSink() takes back what was written while somebody said %s (race R4)', (_, seams) => {
  const { home, sink, launched } = sinkOf(seams)
  sink(event)
  expect([home.pending(), launched]).toEqual([[], []])
})

test('spoolSink() says why nothing could be written, and throws nothing', () => {
  const { home, sink, launched, failed } = sinkOf()
  fs.writeFileSync(home.layout.pending, 'in the way')
  sink(event)
  expect([launched, failed]).toEqual([[], ['ENOTDIR']])
})
