import { describe, expect, test } from 'vitest'
import {
  type CommandFacts,
  commandEventName,
  commandProperties,
  crashedProperties,
  type FinishedCommand,
} from '../../src/events/command-event.ts'
import type { Properties } from '../../src/events/envelope.ts'
import { scrubForSending } from '../../src/events/scrub-for-sending.ts'

const FACTS: CommandFacts = {
  commandName: 'toolkit.run',
  cliVersion: '1.2.3-beta.1+build.7',
  runtime: { runtimeVersion: 'v20.19.2', osType: 'Linux', osRelease: '6.1.0-18-amd64', isCi: false, isTty: true },
  startNs: 123_456_789_012n,
  delivery: 'detached',
}
const FINISHED: FinishedCommand = {
  ...FACTS,
  endNs: 123_457_024_679n,
  outcome: { outcome: 'ok', exitCode: 0, signal: null },
  errorMessages: 'redacted',
  redaction: { home: '/home/john', cwd: '/work' },
  host: { properties: { tool: 'a', files: 3 }, dropped: 0 },
}
const denied = Object.assign(new Error("EACCES: permission denied, open '/home/john/x'"), { code: 'EACCES' })
const FAILED: FinishedCommand = {
  ...FINISHED,
  outcome: { outcome: 'error', exitCode: 1, signal: null, failure: { error: denied } },
}

test('commandProperties() of a success are these, and no more', () => {
  expect(commandProperties(FINISHED)).toEqual({
    $geoip_disable: true,
    $ip: null,
    command_name: 'toolkit.run',
    cli_version: '1.2.3-beta.1+build.7',
    runtime_language: 'node',
    runtime_version: 'v20.19.2',
    os_type: 'Linux',
    os_release: '6.1.0',
    device_start_timestamp: 123_456.78,
    device_end_timestamp: 123_457.02,
    duration: 0.23,
    outcome: 'ok',
    exit_code: 0,
    is_ci: false,
    is_tty: true,
    delivery: 'detached',
    tool: 'a',
    files: 3,
  })
})

test('commandProperties() of a failure add what failed', () => {
  expect(commandProperties(FAILED)).toEqual({
    ...commandProperties(FINISHED),
    outcome: 'error',
    exit_code: 1,
    error_class: 'Error',
    error_code: 'EACCES',
    error_message: 'EACCES: permission denied, open <quoted>',
  })
})

test("commandProperties() leave the message out if the host says 'omit'", () => {
  const { error_message, ...rest } = commandProperties(FAILED) as Properties
  expect(error_message).toBeDefined()
  expect(commandProperties({ ...FAILED, errorMessages: 'omit' })).toEqual(rest)
})

test('commandProperties() say which signal, and nothing of an error there was not', () => {
  const outcome = { outcome: 'cancelled', exitCode: 130, signal: 'SIGINT' } as const
  const properties = commandProperties({ ...FINISHED, outcome }) as Properties
  expect(properties).toMatchObject({ outcome: 'cancelled', exit_code: 130, signal: 'SIGINT' })
  expect(Object.keys(properties).filter((name) => name.startsWith('error'))).toEqual([])
})

test('commandProperties() count dropped properties, only if there are any', () => {
  expect(commandProperties(FINISHED)).not.toHaveProperty('properties_dropped')
  const host = { properties: {}, dropped: 2 }
  expect(commandProperties({ ...FINISHED, host })).toHaveProperty('properties_dropped', 2)
})

test('commandProperties() let nothing of the host stand in for a fact', () => {
  const host = { properties: { $ip: '10.0.0.1', outcome: 'x', command_name: 'y' }, dropped: 0 }
  expect(commandProperties({ ...FINISHED, host })).toMatchObject({
    $ip: null,
    outcome: 'ok',
    command_name: 'toolkit.run',
  })
})

test('crashedProperties() have no end', () => {
  const {
    device_end_timestamp: _end,
    duration: _duration,
    exit_code: _code,
    tool: _tool,
    files: _files,
    ...rest
  } = commandProperties(FINISHED) as Properties
  expect(crashedProperties(FACTS)).toEqual({ ...rest, outcome: 'crashed' })
})

describe('commandProperties() make safe', () => {
  test.each([
    ['toolkit.run', 'toolkit.run'],
    ['2fa:db-x_y', '2fa:db-x_y'],
    ['a'.repeat(24), '(invalid)'], // no word of a definition
    ['ab.'.repeat(33) + 'c', 'ab.'.repeat(33) + 'c'],
    ['ab.'.repeat(33) + 'cd', '(invalid)'],
    ['Toolkit', '(invalid)'],
    ['', '(invalid)'],
    ['open /home/me', '(invalid)'],
    ['login.ghp_0123456789abcdefghijklmnopqrstuvwxyz', '(invalid)'],
    ['run\n', '(invalid)'],
  ])('command_name %j: %j', (commandName, expected) => {
    expect(commandProperties({ ...FINISHED, commandName })).toHaveProperty('command_name', expected)
  })

  test.each([
    ['1.2.3', '1.2.3'],
    ['', '(other)'],
    ['1.2.3 (me@host)', '(other)'],
    ['1'.repeat(65), '(other)'],
  ])('cli_version %j: %j', (cliVersion, expected) => {
    expect(commandProperties({ ...FINISHED, cliVersion })).toHaveProperty('cli_version', expected)
  })

  test.each([
    ['5.15.153.1-microsoft-standard-WSL2', '5.15.153.1'],
    ['23.1.0', '23.1.0'],
    ['10.0.22631', '10.0.22631'],
    ['johns-kernel', undefined],
    ['6.1.john', '6.1'],
    ['6..1', '6'],
    ['.6', undefined],
    ['5.', '5'],
    ['1'.repeat(99), '1'.repeat(64)],
    ['', undefined],
  ])('os_release %j: %j', (osRelease, expected) => {
    const properties = commandProperties({ ...FINISHED, runtime: { ...FACTS.runtime, osRelease } }) as Properties
    expect(properties['os_release']).toBe(expected)
    expect('os_release' in properties).toBe(expected !== undefined)
  })

  test('a clock that went back', () => {
    expect(commandProperties({ ...FINISHED, endNs: 1n })).toHaveProperty('duration', 0)
  })
})

test('commandEventName() is a success for ok alone', () => {
  expect(commandEventName('ok')).toBe('CLI execution succeeded')
  for (const outcome of ['error', 'usage_error', 'cancelled', 'terminated', 'crashed'] as const)
    expect(commandEventName(outcome)).toBe('CLI execution failed')
})

test.each<[string, Properties]>([
  ['CLI execution succeeded', commandProperties(FINISHED)],
  ['CLI execution failed', commandProperties({ ...FAILED, host: { properties: {}, dropped: 7 } })],
  ['CLI execution failed', crashedProperties(FACTS)],
  [
    'CLI execution failed',
    commandProperties({
      ...FAILED,
      commandName: '?',
      cliVersion: '?',
      runtime: { ...FACTS.runtime, runtimeVersion: '?', osType: '?', osRelease: '?' },
    }),
  ],
])('commandProperties() pass the reporter unchanged: %s', (event, properties) => {
  expect(scrubForSending(event, properties)).toEqual({ properties, dropped: 0 })
})
