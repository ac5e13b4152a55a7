import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ALIAS, COMMAND, DROPPED, EXCEPTION, FAILURE, SUCCESS } from '../../src/events/catalogue.ts'
import * as thorough from '../../src/events/host-properties.ts'
import * as quick from '../../src/tracker/declare-properties.ts'

/** What a call returns, or the class and message it throws. */
function outcomeOf(call: () => unknown): unknown {
  try {
    return call()
  } catch (error) {
    return [(error as Error).name, (error as Error).message]
  }
}

const own = Object.keys({ ...COMMAND, ...SUCCESS, ...FAILURE, ...DROPPED, ...ALIAS, ...EXCEPTION })

test.each([...own, 'token', 'files', 'os_x', '_x', '9x', 'X', '', 'a'.repeat(40), 'a'.repeat(41)])(
  'defineProperties() takes the name %j or refuses it, as the thorough one does',
  (name) => {
    const types = { [name]: quick.integer() }
    expect(outcomeOf(() => quick.defineProperties(types))).toEqual(outcomeOf(() => thorough.defineProperties(types)))
  },
)

const text = fc.oneof(
  fc.constantFrom('a', 'GET', 'ghp_0123456789abcdef', 'a b', '', 'linux-x64', 'v1.2.3', 'not-plain-but-fine-2024-11'),
  fc.string({ unit: fc.constantFrom(...'abcdXYZ019_.:/- é'), maxLength: 66 }),
)

test('oneOf() and defineProperties() say what the thorough ones say', () => {
  const values = fc.array(fc.oneof(text, fc.constantFrom(7, null)), { maxLength: 3 }) as fc.Arbitrary<[string]>
  fc.assert(
    fc.property(values, (some) => {
      expect(outcomeOf(() => quick.oneOf(...some))).toEqual(outcomeOf(() => thorough.oneOf(...some)))
      const types = { tool: { kind: 'one-of', values: some } } as const
      expect(outcomeOf(() => quick.defineProperties(types))).toEqual(outcomeOf(() => thorough.defineProperties(types)))
    }),
  )
})

test.each([[null], ['integer'], [{ tool: null }], [{ tool: { kind: 'text' } }], [{ tool: { kind: 'one-of' } }]])(
  'defineProperties() refuses %j in the same words',
  (types) => {
    expect(() => quick.defineProperties(types as never)).toThrow(TypeError)
    expect(outcomeOf(() => quick.defineProperties(types as never))).toEqual(
      outcomeOf(() => thorough.defineProperties(types as never)),
    )
  },
)
