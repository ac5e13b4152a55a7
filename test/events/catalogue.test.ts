import { expect, expectTypeOf, test } from 'vitest'
import {
  CATALOGUE,
  type EventName,
  type EventProperties,
  isReservedProperty,
  isEventName,
  shapeOf,
} from '../../src/events/catalogue.ts'
import { fitsAny } from '../../src/events/fits-any.ts'

test('EventProperties are those of the table', () => {
  type Failed = EventProperties<'CLI execution failed'>
  expectTypeOf<Failed['outcome']>().toEqualTypeOf<'error' | 'usage_error' | 'cancelled' | 'terminated' | 'crashed'>()
  expectTypeOf<Failed['duration']>().toEqualTypeOf<number | undefined>()
  expectTypeOf<Failed['$ip']>().toEqualTypeOf<null>()
  expectTypeOf<EventProperties<'CLI execution succeeded'>['outcome']>().toEqualTypeOf<'ok'>()
  // @ts-expect-error a success has no message
  expectTypeOf<EventProperties<'CLI execution succeeded'>['error_message']>()
  expect(Object.keys(CATALOGUE)).toHaveLength(8)
})

test.each(Object.keys(CATALOGUE) as EventName[])('CATALOGUE never has an address or a place: %s', (event) => {
  expect(CATALOGUE[event]).toMatchObject({ $geoip_disable: 'true', $ip: 'null' })
})

test('shapeOf() knows own properties only', () => {
  expect(shapeOf('CLI execution failed', 'signal')).toBe('signal')
  expect(shapeOf('CLI execution failed', 'toString')).toBeUndefined()
  expect(shapeOf('telemetry dropped', 'signal')).toBeUndefined()
})

test('isEventName() and isReservedProperty() are not fooled by prototypes', () => {
  expect(['CLI execution failed', '$exception', 'toString', '__proto__', ''].map(isEventName)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ])
  expect(['alias', '$ip', 'toString', '__proto__', 'tool'].map(isReservedProperty)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ])
})

test('fitsAny() takes no number that JSON does not have', () => {
  expect([Number.NaN, Number.POSITIVE_INFINITY, -1, '1'].map((value) => fitsAny('milliseconds', value))).toEqual([
    false,
    false,
    false,
    false,
  ])
  expect([1.25, 0].map((value) => fitsAny('milliseconds', value))).toEqual([true, true])
})

test('fitsAny() takes no line break at an end', () => {
  for (const shape of ['command', 'version', 'name', 'os_release', 'fingerprint'] as const) {
    expect([shape, fitsAny(shape, 'a\n'), fitsAny(shape, '1\n')]).toEqual([shape, false, false])
  }
})
