import vm from 'node:vm'
import { expect, test } from 'vitest'
import { errorClass, errorCode } from '../../src/events/error-name.ts'

class QuotaError extends Error {}
const hostile = new Proxy(new Error('x'), {
  get: () => {
    throw new Error('hostile')
  },
})
const named = (name: unknown): Error => Object.assign(new Error('x'), { name })
const coded = (code: unknown): Error => Object.assign(new Error('x'), { code })

test.each<[string, unknown, string]>([
  ['an Error', new Error('x'), 'Error'],
  ['a TypeError', new TypeError('x'), 'TypeError'],
  ['a class without a name of its own', new QuotaError('x'), 'QuotaError'],
  ['a minified class', new (class ab extends Error {})('x'), 'Error'],
  ['a name', named('Acme.NotFound'), 'Acme.NotFound'],
  ['another realm', vm.runInNewContext('new RangeError("x")'), 'RangeError'],
  ['a name that is a sentence', named('could not open /home/me'), '(other)'],
  ['a name that holds a token', named('ghp_0123456789abcdefghijklmnopqrstuvwxyz'), '(other)'],
  ['a name of 65', named('E'.repeat(65)), '(other)'],
  ['a name that is no string', named(7), 'Error'],
  ['a hostile Proxy', hostile, '(other)'],
  ['a null prototype', Object.create(null), '(other)'],
  ['a plain object', { a: 1 }, 'Object'],
  ['a string', 'no such file', 'string'],
  ['undefined', undefined, 'undefined'],
  ['null', null, 'null'],
  ['a symbol', Symbol('x'), 'symbol'],
])('errorClass() of %s', (_, error, expected) => {
  expect(errorClass(error)).toBe(expected)
})

test.each<[string, unknown, string | undefined]>([
  ['a code', coded('ENOENT'), 'ENOENT'],
  ['a long one of Node', coded('ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL'), 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL'],
  ['a dotted one', coded('commander.unknownOption'), 'commander.unknownOption'],
  ['a path', coded('/home/me'), '(other)'],
  ['a token', coded('sk_live_0123456789abcdef'), '(other)'],
  ['a number', coded(404), undefined],
  ['none', new Error('x'), undefined],
  ['an empty one', coded(''), undefined],
  ['a hostile Proxy', hostile, '(other)'],
  ['a string', 'ENOENT', undefined],
  ['undefined', undefined, undefined],
])('errorCode() of %s', (_, error, expected) => {
  expect(errorCode(error)).toBe(expected)
})
