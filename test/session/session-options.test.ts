import { expect, test } from 'vitest'
import { type SessionOptions, sessionSettings } from '../../src/session/session-options.ts'

const HERE = { env: { PATH: '/bin', GONE: undefined }, cwd: '/here' }

function settingsOf(options: Record<string, unknown>) {
  return sessionSettings({ command: 'make', ...options }, HERE)
}

test('sessionSettings() fills in what is not said, and takes undefined for that', () => {
  const said = { command: 'make', args: undefined, sink: undefined, limits: { timeoutMs: undefined } } as object
  for (const options of [{ command: 'make' }, said])
    expect(sessionSettings(options as SessionOptions, HERE)).toEqual({
      command: 'make',
      args: [],
      env: { PATH: '/bin' },
      cwd: '/here',
      pty: 'auto',
      terminalSize: { rows: 40, columns: 120 },
      stdio: 'capture',
      completionMarker: null,
      sessionLog: null,
      limits: {
        timeoutMs: null,
        idleOutputMs: null,
        staleMs: null,
        completionDrainMs: 3000,
        killGraceMs: 2000,
        outputDrainMs: 250,
        keptOutputBytes: 16 * 1024 * 1024,
      },
    })
})

test.each<readonly [string, unknown, string]>([
  ['command', '', 'got "", wants a path or a name'],
  ['command', undefined, 'got nothing, wants a path or a name'],
  ['command', 'a\0b', 'got "a\\u0000b", wants a path or a name'],
  ['command', ['make', 'test'], 'got ["make","test"], wants a path or a name'],
  ['args', 'test', 'got "test", wants strings without NUL'],
  ['args', ['a', 1], 'got ["a",1], wants strings without NUL'],
  ['args', ['a\0b'], 'got ["a\\u0000b"], wants strings without NUL'],
  ['env', ['A=1'], 'got ["A=1"], wants strings by name'],
  ['env', { A: 1 }, 'got {"A":1}, wants strings by name'],
  ['cwd', 7, 'got 7, wants a path'],
  ['pty', 'yes', `got "yes", wants true, false or 'auto'`],
  ['terminalSize', { rows: 0, columns: 80 }, 'got {"rows":0,"columns":80}, wants { rows, columns } from 1 to 9999'],
  ['terminalSize', { rows: 40 }, 'got {"rows":40}, wants { rows, columns } from 1 to 9999'],
  [
    'terminalSize',
    { rows: 40.5, columns: 10_000 },
    'got {"rows":40.5,"columns":10000}, wants { rows, columns } from 1 to 9999',
  ],
  ['stdio', 'pipe', `got "pipe", wants 'capture' or 'inherit'`],
  ['input', 7, 'got 7, wants text or bytes'],
  ['completionMarker', '', 'got "", wants a text'],
  ['sessionLog', '', 'got "", wants a path'],
  ['limits', 5, 'got 5, wants an object'],
  ['signal', {}, 'got {}, wants an AbortSignal'],
  ['onStart', true, 'got true, wants a function'],
  ['sink', {}, 'got {}, wants a function'],
  ['attribution', 'alice', 'got "alice", wants an attribution or null'],
  ['directory', '', 'got "", wants a path'],
  ['tracer', 'none', 'got "none", wants a function or null'],
])('sessionSettings() %s: %j is a TypeError that says what it wants', (name, value, words) => {
  expect(() => settingsOf({ [name]: value })).toThrow(new TypeError(`session option ${name}: ${words}`))
})

test.each<readonly [string, Record<string, unknown>, string]>([
  ['an unknown option', { shell: true }, 'session options: unknown option "shell"'],
  ['an unknown limit', { limits: { timeout: 5 } }, 'session limits: unknown limit "timeout"'],
  [
    'input for a pseudo-terminal',
    { input: 'x', pty: true },
    'session option input: got one for a pseudo-terminal, wants pty: false',
  ],
  [
    'input beside an inherited stdin',
    { input: 'x', stdio: 'inherit' },
    "session option input: got one while stdio is inherited, wants stdio: 'capture'",
  ],
])('sessionSettings() %s is a TypeError', (_, options, message) => {
  expect(() => settingsOf(options)).toThrow(new TypeError(message))
})

test.each<readonly [string, unknown, string]>([
  ['timeoutMs', 0, 'got 0, wants 1 to 2147483647'],
  ['timeoutMs', Number.NaN, 'got NaN, wants 1 to 2147483647'],
  ['timeoutMs', 2 ** 31, 'got 2147483648, wants 1 to 2147483647'],
  ['idleOutputMs', -1, 'got -1, wants 1 to 2147483647'],
  ['staleMs', '5', 'got "5", wants 1 to 2147483647'],
  ['completionDrainMs', 2499, 'got 2499, wants 2500 to 2147483647'],
  ['completionDrainMs', null, 'got null, wants 2500 to 2147483647'],
  ['killGraceMs', 0, 'got 0, wants 1 to 2147483647'],
  ['outputDrainMs', -1, 'got -1, wants 0 to 2147483647'],
  ['keptOutputBytes', 0, 'got 0, wants 1 to 2147483647'],
])('sessionSettings() limit %s: %s is a RangeError that says what it wants', (name, value, words) => {
  expect(() => settingsOf({ limits: { [name]: value } })).toThrow(new RangeError(`session limit ${name}: ${words}`))
})

test('sessionSettings() takes null for a limit that is none, and for no attribution, no tracer', () => {
  const settings = settingsOf({ limits: { timeoutMs: null, outputDrainMs: 0 }, attribution: null, tracer: null })
  expect(settings.limits).toMatchObject({ timeoutMs: null, outputDrainMs: 0 })
  expect([settings.attribution, settings.tracer]).toEqual([null, null])
})
