import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Envelope, encodeEnvelope, parseEnvelope, type Properties } from '../../src/events/envelope.ts'

const json = fc.jsonValue() as fc.Arbitrary<Properties[string]>
const envelopes: fc.Arbitrary<Envelope> = fc.record({
  schema_version: fc.constant(1 as const),
  app: fc.string(),
  uuid: fc.uuid(),
  timestamp: fc
    .date({ noInvalidDate: true, min: new Date(0), max: new Date('2200-01-01') })
    .map((date) => date.toISOString()),
  event: fc.constantFrom('CLI execution failed' as const, '$create_alias' as const),
  distinct_id: fc.string({ minLength: 1 }),
  is_anon: fc.boolean(),
  properties: fc.dictionary(
    fc.string().filter((key) => key !== '__proto__'),
    json,
  ),
  api_key: fc.string(),
  host: fc.webUrl(),
  delivery: fc.constantFrom('detached' as const, 'inline' as const, 'spool-only' as const),
})

const EXAMPLE: Envelope = {
  schema_version: 1,
  app: 'acme',
  uuid: '0198c4d2-7e21-7c3a-9d5e-1b2c3d4e5f60',
  timestamp: '2025-11-20T12:00:00.123Z',
  event: 'CLI execution failed',
  distinct_id: 'prïncipal-😀',
  is_anon: false,
  properties: { error_message: 'a } and a { and a "\n' },
  api_key: 'phc_x',
  host: 'https://eu.i.posthog.com',
  delivery: 'detached',
}

test('parseEnvelope() gives back what encodeEnvelope() was given', () => {
  fc.assert(
    fc.property(envelopes, (envelope) => {
      const text = encodeEnvelope(envelope)
      // JSON has no -0.
      expect(parseEnvelope(text)).toEqual({
        kind: 'envelope',
        envelope: JSON.parse(JSON.stringify(envelope)) as Envelope,
      })
      expect(text.indexOf('\n')).toBe(text.length - 1)
    }),
  )
})

test('parseEnvelope() calls every truncation torn, but for one of the newline alone', () => {
  const bytes = Buffer.from(encodeEnvelope(EXAMPLE))
  for (let length = 0; length < bytes.length - 1; length++) {
    expect([length, parseEnvelope(bytes.subarray(0, length).toString()).kind]).toEqual([length, 'torn'])
  }
  expect(parseEnvelope(bytes.subarray(0, -1).toString())).toEqual({ kind: 'envelope', envelope: EXAMPLE })
})

test.each([
  ['a newer schema', { ...EXAMPLE, schema_version: 2 }, 'foreign-schema'],
  ['no schema', { ...EXAMPLE, schema_version: undefined }, 'torn'],
  ['a schema that is no number', { ...EXAMPLE, schema_version: '2' }, 'torn'],
  ['another uuid', { ...EXAMPLE, uuid: 'x' }, 'torn'],
  ['another time', { ...EXAMPLE, timestamp: 'soon' }, 'torn'],
  ['no distinct id', { ...EXAMPLE, distinct_id: '' }, 'torn'],
  ['no properties', { ...EXAMPLE, properties: null }, 'torn'],
  ['a list', [EXAMPLE], 'torn'],
  ['null', null, 'torn'],
])('parseEnvelope() of %s', (_, value, kind) => {
  expect(parseEnvelope(JSON.stringify(value)).kind).toBe(kind)
})

test('parseEnvelope() never throws', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void parseEnvelope(text)))
})
