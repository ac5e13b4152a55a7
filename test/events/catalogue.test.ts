import { expect, expectTypeOf, test } from 'vitest'
import {
  CATALOGUE,
  type EventName,
  type EventProperties,
  isCatalogueProperty,
  isEventName,
  shapeOf,
} from '../../src/events/catalogue.ts'
import { fits } from '../../src/events/shapes.ts'

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

test('isEventName() and isCatalogueProperty() are not fooled by prototypes', () => {
  expect(['CLI execution failed', '$exception', 'toString', '__proto__', ''].map(isEventName)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ])
  expect(['alias', '$ip', 'toString', '__proto__', 'tool'].map(isCatalogueProperty)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ])
})

test('fits() takes no number that JSON does not have', () => {
  expect([Number.NaN, Number.POSITIVE_INFINITY, -1, '1'].map((value) => fits('milliseconds', value))).toEqual([
    false,
    false,
    false,
    false,
  ])
  expect([1.25, 0].map((value) => fits('milliseconds', value))).toEqual([true, true])
})

test('fits() takes no line break at an end', () => {
  for (const shape of ['command', 'version', 'name', 'os_release', 'fingerprint'] as const) {
    expect([shape, fits(shape, 'a\n'), fits(shape, '1\n')]).toEqual([shape, false, false])
  }
})
