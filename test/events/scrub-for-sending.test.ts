import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Json, Properties } from '../../src/events/envelope.ts'
import { scrubForSending } from '../../src/events/scrub-for-sending.ts'

const OK = 'CLI execution succeeded'
const FAILED = 'CLI execution failed'

test.each<[string, string, Properties]>([
  ['a fact', OK, { command_name: 'toolkit.run', duration: 1.25, is_ci: true, $ip: null, $geoip_disable: true }],
  ['placeholders', FAILED, { command_name: '(invalid)', error_class: '(other)', cli_version: '(other)' }],
  ['a four-part release', OK, { os_release: '5.15.153.1' }],
  ['a version with its commit', OK, { cli_version: '1.2.3+da39a3ee5e6b4b0d3255bfef95601890afd80709' }],
  ['host properties', OK, { tool: 'claude-sonnet-4-5-20250929', files: 3, dry: false }],
  [
    'ids',
    '$create_alias',
    { distinct_id: 'user_2Zq7Xw2Lk9Pv4Nm8Rt3Yb', alias: '550e8400-e29b-41d4-a716-446655440000' },
  ],
  ['counts', 'telemetry dropped', { dropped: 7, dropped_too_old: 7, $ip: null }],
  ['a redacted message', FAILED, { error_message: 'cannot open <quoted>' }],
])('scrubForSending() keeps %s', (_, event, properties) => {
  expect(scrubForSending(event, properties)).toEqual({ properties, dropped: 0 })
})

test.each<[string, string, Properties]>([
  ['an address', OK, { $ip: '10.0.0.1' }],
  ['a look-up of the place', OK, { $geoip_disable: false }],
  ["PostHog's own", OK, { $set: { email: 'bob@example.com' } }],
  ["another event's", OK, { $exception_list: [], dropped: 1, distinct_id: 'x', signal: 'SIGINT' }],
  ['a message of a success', OK, { error_message: 'x' }],
  ['an outcome that is none', FAILED, { outcome: 'ok' }],
  ['free text', FAILED, { signal: 'SIGSOMETHING', os_type: 'my laptop', delivery: 'by hand' }],
  ['a wrong type', OK, { is_ci: 'yes', duration: -1, exit_code: 1.5 }],
  ['a secret where names are', FAILED, { error_code: 'sk_live_0123456789abcdef', command_name: 'a1b2c3d4e5f60718' }],
  ['free text of the host', OK, { note: 'hello world' }],
  ['a host value of another kind', OK, { tool: null, list: ['a'], nested: { a: 1 }, files: 1.5 }],
  ['a secret of the host', OK, { tool: 'ghp_0123456789abcdefghijklmnopqrstuvwxyz' }],
  ['a host name that is none', OK, { Tool: 'a', 'to-ol': 'a', token: 'a', $tool: 'a', ['a'.repeat(41)]: 'a' }],
  ['a prototype', OK, JSON.parse('{"__proto__":"a"}') as Properties],
  ['host properties of other events', 'telemetry dropped', { tool: 'a' }],
  ['an empty id', '$create_alias', { alias: '', distinct_id: 'x'.repeat(201) }],
  ['an empty message', FAILED, { error_message: '' }],
  ['a long message', FAILED, { error_message: 'a '.repeat(151) }],
  ['all of an unknown event', 'something', { command_name: 'toolkit.run', tool: 'a' }],
  ["all of an event called like an object's", 'constructor', { name: 'x' }],
])('scrubForSending() drops and counts %s', (_, event, properties) => {
  expect(scrubForSending(event, properties)).toEqual({ properties: {}, dropped: Object.keys(properties).length })
})

test('scrubForSending() redacts a message again', () => {
  expect(scrubForSending(FAILED, { error_message: "cannot open '/home/me'" })).toEqual({
    properties: { error_message: 'cannot open <quoted>' },
    dropped: 0,
  })
})

test('scrubForSending() makes an exception anew from what fits', () => {
  const frame = { platform: 'node:javascript', filename: 'main.js', function: 'run', lineno: 1, colno: 2, in_app: true }
  const exception = {
    type: 'Error',
    value: 'cannot open /home/me',
    mechanism: { handled: true, synthetic: false, type: 'generic', data: '/home/me' },
    stacktrace: {
      type: 'raw',
      frames: [
        { ...frame, context_line: 'const password = 1', abs_path: '/home/me/main.js' },
        { ...frame, filename: '/home/me/main.js' },
        { ...frame, function: 'at /home/me' },
        { ...frame, lineno: '1' },
        null,
      ],
    },
    thread_id: 7,
  }
  expect(scrubForSending('$exception', { $exception_list: [exception, exception] }).properties).toEqual({
    $exception_list: [
      {
        type: 'Error',
        value: 'cannot open <path>',
        mechanism: { handled: true, synthetic: false, type: 'generic' },
        stacktrace: { type: 'raw', frames: [frame] },
      },
    ],
  })
})

test.each<[string, Json]>([
  ['nothing', []],
  ['null', [null]],
  ['a class that is a sentence', [{ type: 'could not open' }]],
  ['a string', 'Error'],
])('scrubForSending() drops an exception list of %s', (_, list) => {
  expect(scrubForSending('$exception', { $exception_list: list })).toEqual({ properties: {}, dropped: 1 })
})

test('scrubForSending() never throws, loses no count, and is the same when done again', () => {
  const names = fc.oneof(
    fc.constantFrom('command_name', 'error_message', '$exception_list', 'tool', '__proto__', 'outcome', '$ip'),
    fc.string(),
  )
  const properties = fc.dictionary(names, fc.jsonValue(), { noNullPrototype: true }) as fc.Arbitrary<Properties>
  fc.assert(
    fc.property(fc.constantFrom(OK, FAILED, '$exception', '$create_alias', 'toString'), properties, (event, given) => {
      const once = scrubForSending(event, given)
      expect(Object.keys(once.properties).length + once.dropped).toBe(Object.keys(given).length)
      expect(scrubForSending(event, once.properties)).toEqual({ properties: once.properties, dropped: 0 })
    }),
  )
})
