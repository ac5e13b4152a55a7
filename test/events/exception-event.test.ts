import { describe, expect, test } from 'vitest'
import type { Properties } from '../../src/events/envelope.ts'
import { exceptionProperties, type FailedCommand } from '../../src/events/exception-event.ts'
import { scrubForSending } from '../../src/events/scrub-for-sending.ts'
import { hostFrames, hostRootOf } from '../../src/events/stack-frames.ts'

const ROOT = '/usr/lib/node_modules/acme'

function failing(stack: unknown, code?: string): unknown {
  const error: object = new TypeError("cannot open '/home/john/plan'")
  return Object.assign(error, { stack }, code === undefined ? {} : { code })
}

const STACK = [
  "TypeError: cannot open '/home/john/plan'",
  '    at /home/john/secret (/home/john/plan.js:9:9)',
  `    at open (${ROOT}/dist/main.js:10:20)`,
  `    at async Toolkit.run (file://${ROOT}/dist/toolkit.js:3:4)`,
  `    at new Plan (${ROOT}/dist/a%20b (1)/plan.js:5:6)`,
  `    at ${ROOT}/bin/acme.js:1:2`,
  `    at parse (${ROOT}/node_modules/yargs/index.js:7:8)`,
  '    at other (/usr/lib/node_modules/other/index.js:7:8)',
  '    at evil (/usr/lib/node_modules/acme-evil/index.js:7:8)',
  '    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)',
  `    at eval (eval at x (${ROOT}/dist/main.js:1:1), <anonymous>:1:1)`,
  '    at native',
].join('\n')

const FAILED: FailedCommand = {
  commandName: 'toolkit.run',
  cliVersion: '1.2.3',
  error: failing(STACK, 'EACCES'),
  handled: true,
  errorMessages: 'redacted',
  redaction: { home: '/home/john', cwd: '/work' },
  hostRoot: ROOT,
}

const frame = (filename: string, name: string, lineno: number, colno: number): object => ({
  platform: 'node:javascript',
  filename,
  function: name,
  lineno,
  colno,
  in_app: true,
})

test('exceptionProperties() are these, and no more', () => {
  expect(exceptionProperties(FAILED)).toEqual({
    $geoip_disable: true,
    $ip: null,
    command_name: 'toolkit.run',
    cli_version: '1.2.3',
    $exception_list: [
      {
        type: 'TypeError',
        value: 'cannot open <quoted>',
        mechanism: { handled: true, synthetic: false, type: 'generic' },
        stacktrace: {
          type: 'raw',
          frames: [
            frame('acme.js', '?', 1, 2),
            frame('plan.js', 'Plan', 5, 6),
            frame('toolkit.js', 'Toolkit.run', 3, 4),
            frame('main.js', 'open', 10, 20),
          ],
        },
      },
    ],
    $exception_fingerprint: 'toolkit.run:EACCES',
    $exception_level: 'error',
  })
})

test('exceptionProperties() pass the reporter unchanged', () => {
  const properties: Properties = exceptionProperties(FAILED)
  expect(scrubForSending('$exception', properties)).toEqual({ properties, dropped: 0 })
})

test.each([
  ['its class without a code', 'toolkit.run', undefined, 'toolkit.run:TypeError'],
  ['64 characters with the whole code', `a${'.bc'.repeat(30)}`, 'ENOENT', `a${'.bc'.repeat(18)}.b:ENOENT`],
  ['a placeholder', '?', 'ENOENT', '(invalid):ENOENT'],
])('exceptionProperties() have a fingerprint of %s', (_, commandName, code, expected) => {
  const { $exception_fingerprint } = exceptionProperties({ ...FAILED, commandName, error: failing(STACK, code) })
  expect($exception_fingerprint).toBe(expected)
  expect(expected.length).toBeLessThanOrEqual(64)
})

test.each<[string, Partial<FailedCommand>]>([
  ['omitted messages', { errorMessages: 'omit' }],
  ['a thrown nothing', { error: undefined }],
])('exceptionProperties() say (omitted) for %s', (_, change) => {
  expect(exceptionProperties({ ...FAILED, ...change }).$exception_list[0].value).toBe('(omitted)')
})

describe('exceptionProperties() have no stack', () => {
  const hostile = Object.defineProperty(new Error('x'), 'stack', {
    get: () => {
      throw new Error('hostile')
    },
  })
  test.each<[string, Partial<FailedCommand>]>([
    ['if the host is not known', { hostRoot: null }],
    ['if it is no string', { error: failing({ frames: [] }) }],
    ['if it throws', { error: hostile }],
    ['if none of it is the host', { hostRoot: '/opt/other' }],
    ['if a string was thrown', { error: 'x' }],
  ])('%s', (_, change) => {
    expect(exceptionProperties({ ...FAILED, ...change }).$exception_list[0]).not.toHaveProperty('stacktrace')
  })
})

test('hostFrames() are at most the 20 innermost', () => {
  const lines = Array.from({ length: 50 }, (_, i) => `    at f${i} (${ROOT}/main.js:${i + 1}:1)`)
  const frames = hostFrames(['Error: x', ...lines].join('\n'), ROOT)
  expect(frames.map(({ lineno }) => lineno)).toEqual(Array.from({ length: 20 }, (_, i) => 20 - i))
})

test('hostFrames() read Windows paths in any spelling', () => {
  const stack = 'Error: x\n  at a (C:\\acme\\dist\\main.js:1:2)\n  at b (file:///c:/acme/dist/main.js:3:4)'
  expect(hostFrames(stack, 'c:/acme').map(({ lineno }) => lineno)).toEqual([3, 1])
})

test.each([
  ['a b.js', 'x'],
  ['ghp_0123456789abcdefghijklmnopqrstuvwxyz.js', 'x'],
])('hostFrames() leave out a file called %j', (file) => {
  expect(hostFrames(`Error\n at x (${ROOT}/${file}:1:2)`, ROOT)).toEqual([])
})

test('hostFrames() do not name a function that could be text', () => {
  const stack = `Error\n at Object.my secret plan (${ROOT}/main.js:1:2)`
  expect(hostFrames(stack, ROOT)).toEqual([frame('main.js', '?', 1, 2)])
})

test.each([
  ['/usr/lib/node_modules/acme/dist/cli.js', '/usr/lib/node_modules/acme'],
  ['/usr/lib/node_modules/@acme/cli/dist/cli.js', '/usr/lib/node_modules/@acme/cli'],
  ['/x/node_modules/a/node_modules/b/cli.js', '/x/node_modules/a/node_modules/b'],
  ['/home/me/acme/dist/cli.js', '/home/me/acme'],
  ['/home/me/acme/cli.js', '/home/me/acme'],
  ['/opt/acme.js', '/opt'],
  ['/acme.js', null],
  ['/bin/acme.js', '/bin'],
  ['C:\\Users\\me\\acme\\bin\\cli.js', 'c:/Users/me/acme'],
  ['acme.js', null],
])('hostRootOf() %j is %j', (entry, root) => {
  expect(hostRootOf(entry)).toBe(root)
})

test('hostFrames() are linear in the stack', () => {
  const best = (length: number): number => {
    const stack = `Error\n${'at a (:1:1 :2:'.repeat(length / 14)}\n`.repeat(2)
    let least = Number.POSITIVE_INFINITY
    for (let round = 0; round < 7; round++) {
      const start = process.hrtime.bigint()
      for (let i = 0; i < 20; i++) hostFrames(stack, ROOT)
      least = Math.min(least, Number(process.hrtime.bigint() - start))
    }
    return least
  }
  best(1000)
  expect(best(28_000) / best(3500)).toBeLessThan(24)
})
