import { describe, expect, test } from 'vitest'
import { ingest } from '../../src/collector/ingest.ts'
import type { CollectedEvent, Ingested } from '../../src/collector/ingest.ts'

const NOW = Date.parse('2026-11-20T12:00:00.000Z')
const MINTED = '01a1f8d2-b997-729d-9740-655c933b040f'

function take(body: unknown, { engage = false, sentAtMs }: { engage?: boolean; sentAtMs?: number } = {}): Ingested {
  return ingest({ body, engage, sentAtMs }, { nowMs: NOW, mintUuid: () => MINTED })
}

function takeOne(event: object): CollectedEvent {
  const [first] = take({ api_key: 'phc_x', batch: [{ event: 'e', distinct_id: 'd', ...event }] }).events
  if (!first) throw new Error('was refused')
  return first
}

const event = { event: 'e', distinct_id: 'd' }

describe('ingest()', () => {
  test('takes a batch and corrects its clock', () => {
    const ingested = take({
      api_key: 'phc_x',
      sent_at: '2026-11-20T12:00:10.000Z',
      batch: [
        {
          uuid: '01A1F8D2-B997-729D-9740-655C933B0400',
          event: 'command_executed',
          distinct_id: 'anon-1',
          timestamp: '2026-11-20T11:00:00.000Z',
          properties: { command: 'x', $lib: 'posthog-node', $lib_version: '5.70.0' },
        },
      ],
    })
    expect(ingested).toMatchObject({ status: 200, reply: '{"status":"Ok"}', token: 'phc_x' })
    expect(ingested.events).toEqual([
      {
        uuid: '01a1f8d2-b997-729d-9740-655c933b0400',
        event: 'command_executed',
        distinctId: 'anon-1',
        timestampMs: Date.parse('2026-11-20T10:59:50.000Z'),
        clientTimestamp: '2026-11-20T11:00:00.000Z',
        sentAtMs: Date.parse('2026-11-20T12:00:10.000Z'),
        receivedAtMs: NOW,
        properties: { command: 'x', $lib: 'posthog-node', $lib_version: '5.70.0' },
        propertiesJson: '{"command":"x","$lib":"posthog-node","$lib_version":"5.70.0"}',
        lib: 'posthog-node',
        libVersion: '5.70.0',
      },
    ])
  })

  test.each<[string, unknown]>([
    ['api_key', { api_key: 'k', ...event }],
    ['token', { token: 'k', ...event }],
    ['$token', { $token: 'k', ...event }],
    ['properties.token', { ...event, properties: { token: 'k' } }],
    ['an array, one of which has it', [{ ...event }, { ...event, token: 'k' }]],
    ['a batch without one, events with', { batch: [{ ...event, api_key: 'k' }] }],
    ['a batch with another in its events', { token: 'k', batch: [{ ...event, api_key: 'other' }] }],
    ['white space around it', { api_key: ' k\n', ...event }],
  ])('finds the project token: %s', (_, body) => {
    expect(take(body)).toMatchObject({ status: 200, token: 'k' })
  })

  test.each<[string, unknown, string]>([
    ['none', event, 'event submitted without an api_key'],
    [
      'two',
      [
        { ...event, token: 'a' },
        { ...event, token: 'b' },
      ],
      'batch submitted with inconsistent api_key values',
    ],
    ['empty', { api_key: '', batch: [event] }, 'API key is not valid: empty'],
    ['personal', { api_key: 'phx_secret', batch: [event] }, 'API key is not valid: personal_api_key'],
    ['65 bytes', { api_key: 'k'.repeat(65), batch: [event] }, 'API key is not valid: too_long'],
    ['not ASCII', { api_key: '🦀', batch: [event] }, 'API key is not valid: not_ascii'],
    ['a NUL inside', { api_key: 'a\0b', batch: [event] }, 'API key is not valid: null_byte'],
  ])('answers 401 to a token that is %s', (_, body, reply) => {
    expect(take(body)).toEqual({ status: 401, reply, events: [] })
  })

  test.each<[string, object, string]>([
    ['a number', { distinct_id: 23.4 }, '23.4'],
    ['an array', { distinct_id: ['a', 'b'] }, '["a","b"]'],
    ['false', { distinct_id: false }, 'false'],
    ['$distinct_id', { distinct_id: undefined, $distinct_id: 'x' }, 'x'],
    ['properties', { distinct_id: null, properties: { distinct_id: 'x' } }, 'x'],
    ['both: top level wins', { distinct_id: 23, properties: { distinct_id: 'x' } }, '23'],
    ['over 200 characters: cut', { distinct_id: '🦀'.repeat(222) }, '🦀'.repeat(200)],
    ['200 characters: whole', { distinct_id: 'x'.repeat(200) }, 'x'.repeat(200)],
    ['a NUL: replaced', { distinct_id: 'a\0b' }, 'a\ufffdb'],
  ])('distinct_id from %s', (_, given, expected) => {
    expect(takeOne(given).distinctId).toBe(expected)
  })

  test.each<[string, unknown, RegExp]>([
    ['an empty batch', { api_key: 'k', batch: [] }, /request holds no event/],
    ['an empty array', [], /request holds no event/],
    ['a string', 'event', /event 0: not an object/],
    ['null', null, /event 0: not an object/],
    ['an event that is an array', { api_key: 'k', batch: [[]] }, /event 0: not an object/],
    ['no name', { api_key: 'k', batch: [{ distinct_id: 'd' }] }, /event: wants a string/],
    ['an empty name', { api_key: 'k', batch: [{ ...event, event: '' }] }, /empty event name/],
    ['no distinct_id', { api_key: 'k', batch: [{ event: 'e' }] }, /without a distinct_id/],
    ['a null distinct_id', { api_key: 'k', batch: [{ event: 'e', distinct_id: null }] }, /without a distinct_id/],
    ['a blank distinct_id', { api_key: 'k', batch: [{ event: 'e', distinct_id: ' ' }] }, /empty distinct_id/],
    ['a bad uuid', { api_key: 'k', batch: [{ ...event, uuid: 'not-a-uuid' }] }, /not a UUID/],
    ['properties in an array', { api_key: 'k', batch: [{ ...event, properties: [] }] }, /properties: wants an object/],
    ['a timestamp in digits', { api_key: 'k', batch: [{ ...event, timestamp: 1 }] }, /timestamp: wants a string/],
    ['a megabyte', { api_key: 'k', ...event, properties: { x: 'x'.repeat(1_000_000) } }, /maximum event size exceeded/],
  ])('answers 400 to %s', (_, body, reply) => {
    expect(take(body)).toEqual({ status: 400, reply: expect.stringMatching(reply) as string, events: [] })
  })

  test('refuses a whole batch for one bad event', () => {
    const batch = [event, event, { ...event, uuid: 'x' }, event]
    expect(take({ api_key: 'k', batch })).toMatchObject({ status: 400, events: [] })
  })

  test('answers 400, not a crash, to a million brackets', () => {
    const nested = JSON.parse(`${'['.repeat(1e6)}${']'.repeat(1e6)}`) as unknown
    expect(take({ api_key: 'k', ...event, properties: { nested } })).toMatchObject({ status: 400 })
  })

  test('mints a uuid where there is none, an empty one included', () => {
    expect(takeOne({}).uuid).toBe(MINTED)
    expect(takeOne({ uuid: '' }).uuid).toBe(MINTED)
    expect(takeOne({ uuid: MINTED.replaceAll('-', '') }).uuid).toBe(MINTED)
  })

  test('$ignore_sent_at keeps the timestamp', () => {
    const batch = [{ ...event, timestamp: '2026-11-20T11:00:00.000Z', properties: { $ignore_sent_at: true } }]
    const [first] = take({ api_key: 'k', batch, sent_at: '2026-11-20T12:30:00Z' }).events
    expect(first?.timestampMs).toBe(Date.parse('2026-11-20T11:00:00.000Z'))
  })

  test('sent_at: what the batch says before what the query says', () => {
    const batch = [event]
    const sentAtMs = NOW - 1000
    expect(take({ api_key: 'k', batch }, { sentAtMs }).events[0]?.sentAtMs).toBe(sentAtMs)
    expect(take({ api_key: 'k', batch, sent_at: '2026-11-20T12:00:00Z' }, { sentAtMs }).events[0]?.sentAtMs).toBe(NOW)
    expect(take({ api_key: 'k', batch, sent_at: 'soon' }, { sentAtMs }).events[0]?.sentAtMs).toBe(sentAtMs)
  })

  test('merges $set and $set_once from beside the properties', () => {
    const merged = takeOne({ properties: { a: 1, $set: { b: 1, c: 1 } }, $set: { c: 2 }, $set_once: { d: 1 } })
    expect(merged.properties).toEqual({ a: 1, $set: { b: 1, c: 2 }, $set_once: { d: 1 } })
    expect(JSON.parse(merged.propertiesJson)).toEqual(merged.properties)
  })

  test('an event without a name is an $identify at /engage only', () => {
    expect(take({ token: 'k', $distinct_id: 'd', $set: { plan: 'x' } }, { engage: true }).events[0]).toMatchObject({
      event: '$identify',
      distinctId: 'd',
      properties: { $set: { plan: 'x' } },
    })
    expect(take({ token: 'k', $distinct_id: 'd' }).status).toBe(400)
  })

  test('a key named __proto__ is data', () => {
    const body = JSON.parse(
      '{"api_key":"k","event":"e","distinct_id":"d","properties":{"__proto__":{"token":"x"}}}',
    ) as unknown
    expect(take(body).events[0]?.propertiesJson).toBe('{"__proto__":{"token":"x"}}')
  })
})
