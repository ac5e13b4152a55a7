import fc from 'fast-check'
import { describe, expect, expectTypeOf, test } from 'vitest'
import {
  boolean,
  defineProperties,
  filterHostProperties,
  type HostValues,
  integer,
  oneOf,
  type PropertyTypes,
} from '../../src/events/host-properties.ts'

const DEFINED = defineProperties({ tool: oneOf('a', 'b'), files: integer(), dry: boolean() })
type Added = HostValues<(typeof DEFINED)['types']>

test('HostValues compiles for what is declared, and for nothing else', () => {
  const add = (values: Added): Added => values
  expectTypeOf<Added>().toEqualTypeOf<{
    readonly tool?: 'a' | 'b' | undefined
    readonly files?: number | undefined
    readonly dry?: boolean | undefined
  }>()
  add({ tool: 'a', files: 3, dry: true })
  add({ tool: undefined })
  // @ts-expect-error not one of the list
  add({ tool: 'c' })
  // @ts-expect-error not declared
  add({ path: '/home/me' })
  // @ts-expect-error not an integer
  add({ files: '3' })
  // oxlint-disable-next-line typescript/no-generated-empty-object-type -- that it is empty is what is tested
  const none = (values: HostValues<Record<never, never>>): unknown => values
  none({})
  // @ts-expect-error nothing is declared
  none({ tool: 'a' })
  expect(add({ tool: 'b' })).toEqual({ tool: 'b' })
})

describe('defineProperties()', () => {
  test.each([
    ['a capital', 'Tool'],
    ['a $', '$tool'],
    ['an empty name', ''],
    ['41 characters', 'a'.repeat(41)],
    ['a property of the catalogue', 'command_name'],
    ['another of the catalogue', 'error_message'],
    ["PostHog's own name of the project key", 'token'],
    ['a prototype', '__proto__'],
  ])('refuses a name with %s', (_, name) => {
    const types = JSON.parse(`{${JSON.stringify(name)}:{"kind":"integer"}}`) as PropertyTypes
    expect(() => defineProperties(types)).toThrow(TypeError)
    expect(() => defineProperties(types)).toThrow(/^defineProperties: got the name '.*', wants /)
  })

  test.each<[string, unknown]>([
    ['null', null],
    ['a string', 'integer'],
    ['an unknown kind', { kind: 'text' }],
    ['an empty list', { kind: 'one-of', values: [] }],
    ['a list with free text', { kind: 'one-of', values: ['a b'] }],
  ])('refuses a type that is %s', (_, type) => {
    expect(() => defineProperties({ tool: type } as PropertyTypes)).toThrow(TypeError)
  })

  test('accepts a name of 40 characters', () => {
    expect(Object.keys(defineProperties({ ['a'.repeat(40)]: integer() }).types)).toEqual(['a'.repeat(40)])
  })

  test('is not changed by a later change of what it was given', () => {
    const types: Record<string, PropertyTypes[string]> = { files: integer() }
    const defined = defineProperties(types)
    types['path'] = oneOf('x')
    expect(filterHostProperties(defined, { path: 'x' })).toEqual({ properties: {}, dropped: 1 })
  })
})

test.each([[''], ['a b'], ['é'], ['a'.repeat(65)], ['ghp_0123456789abcdefghijklmnopqrstuvwxyz'], [7 as never]])(
  'oneOf() refuses %j',
  (value) => {
    expect(() => oneOf('fine', value)).toThrow(/^oneOf: got .*, wants /)
  },
)

test('oneOf() refuses to be empty', () => {
  // @ts-expect-error at least one
  expect(() => oneOf()).toThrow(TypeError)
})

describe('filterHostProperties()', () => {
  const throwing = {
    get tool(): string {
      throw new Error('hostile')
    },
    files: 1,
  }
  const refusing = new Proxy(
    {},
    {
      ownKeys: () => {
        throw new Error('hostile')
      },
    },
  ) // prettier-ignore
  test.each<[string, unknown, object, number]>([
    ['what is declared', { tool: 'a', files: -3, dry: false }, { tool: 'a', files: -3, dry: false }, 0],
    ['undefined as absent', { tool: undefined, files: 1 }, { files: 1 }, 0],
    ['nothing undeclared', { path: '/home/me', files: 1 }, { files: 1 }, 1],
    ['nothing outside the list', { tool: 'c' }, {}, 1],
    ['nothing of another type', { tool: true, files: '1', dry: 1 }, {}, 3],
    ['no fraction', { files: 1.5 }, {}, 1],
    ['no NaN', { files: Number.NaN }, {}, 1],
    ['no integer that is not safe', { files: 2 ** 53 }, {}, 1],
    ['no bigint', { files: 1n }, {}, 1],
    ['no boxed value', { dry: Object(true), tool: Object('a') }, {}, 2],
    ['no null', { tool: null }, {}, 1],
    ['what a throwing getter leaves', throwing, { files: 1 }, 1],
    ['nothing of a Proxy that refuses', refusing, {}, 1],
    ['no prototype', JSON.parse('{"__proto__":{"files":1},"constructor":{"files":1}}'), {}, 2],
    ['nothing inherited', Object.create({ files: 1 }), {}, 0],
    ["nothing of the catalogue's", { command_name: 'x', $ip: '10.0.0.1' }, {}, 2],
    ['nothing of null', null, {}, 1],
  ])('keeps %s', (_, added, properties, dropped) => {
    expect(filterHostProperties(DEFINED, added)).toEqual({ properties, dropped })
  })

  test('drops everything if nothing is defined', () => {
    expect(filterHostProperties(undefined, { tool: 'a', files: 1 })).toEqual({ properties: {}, dropped: 2 })
  })

  test('never throws, keeps only declared values, and counts the rest', () => {
    const key = fc.oneof(fc.constantFrom('tool', 'files', 'dry', '__proto__', 'toString', '$ip'), fc.string())
    const value = fc.oneof(fc.anything(), fc.constantFrom('a', 'b', 0, true))
    fc.assert(
      fc.property(fc.array(fc.tuple(key, value)), (pairs) => {
        const added = Object.fromEntries(pairs)
        const { properties, dropped } = filterHostProperties(DEFINED, added)
        for (const [name, kept] of Object.entries(properties)) {
          expect(['tool', 'files', 'dry']).toContain(name)
          expect(kept).toBe((added as Record<string, unknown>)[name])
        }
        const present = Object.values(added).filter((each) => each !== undefined).length
        expect(Object.keys(properties).length + dropped).toBe(present)
        expect(({} as Record<string, unknown>)['files']).toBeUndefined()
      }),
    )
  })
})
