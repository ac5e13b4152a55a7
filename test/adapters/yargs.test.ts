import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import yargs from 'yargs'
import type { Journal, Status, TrackingStored } from '../../src/adapters/telemetry-report.ts'
import { instrument, telemetryCommand } from '../../src/adapters/yargs.ts'
import type { CommandTracker } from '../../src/tracker/command-tracker.ts'

interface Noted {
  readonly name: string
  readonly options: object | undefined
  ended: boolean
}

let noted: Noted[]
/** What finish() returns. */
let lookUp: Promise<void> | undefined
const tracker = {
  begin(name: string, options?: object) {
    const note: Noted = { name, options, ended: false }
    noted.push(note)
    return {
      finish() {
        note.ended = true
        return lookUp
      },
    }
  },
}

beforeEach(() => {
  noted = []
  lookUp = undefined
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const cli = (words: string[]) => yargs(words).exitProcess(false)

test('instrument() and telemetryCommand() take a CommandTracker', () => {
  const takes = (real: CommandTracker) => [instrument(cli([]), real), telemetryCommand(real)] // compiled, not called
  expect(takes).toBeTypeOf('function')
})

test('instrument() returns the instance, once however often it is called', async () => {
  const y = cli(['run'])
  expect(instrument(y, tracker)).toBe(y)
  expect(instrument(y, tracker)).toBe(y)
  await y.command('run', 'runs', {}, () => {}).parseAsync()
  expect(noted).toEqual([{ name: 'run', options: {}, ended: true }])
})

test('instrument() knows commands defined before it', async () => {
  await instrument(
    cli(['run']).command('run', 'runs', {}, () => {}),
    tracker,
  ).parseAsync()
  expect(noted).toMatchObject([{ name: 'run', ended: true }])
})

describe('instrument() names a command by its definition', () => {
  test.each([
    [['run <a> [b..]'], 'run x y', 'run'],
    [['run', 'go'], 'go', 'run'],
    [['$0 <file>'], 'secret', 'default'],
    [['*'], '', 'default'],
    [['serve', '$0'], '', 'serve'],
    [['auth:login'], 'auth:login', 'auth:login'],
  ])('%j, typed as `%s`, is %s', async (definition, words, name) => {
    await instrument(cli(words.split(' ').filter(Boolean)), tracker)
      .command(definition, 'x', {}, () => {})
      .parseAsync()
    expect(noted.map((note) => note.name)).toEqual([name])
  })

  test('a nested default command by its parent', async () => {
    await instrument(cli(['db']), tracker)
      .command('db', 'x', (y) => y.command('$0', 'y', {}, () => {}))
      .parseAsync()
    expect(noted.map((note) => note.name)).toEqual(['db'])
  })
})

test('instrument() refuses what is no yargs', () => {
  expect(() => instrument({}, tracker)).toThrow(TypeError)
})

test('instrument() returns a yargs of unknown insides as it came', () => {
  const future = { getInternalMethods: () => ({ getCommandInstance: () => ({}), getUsageInstance: () => ({}) }) }
  expect(instrument(future, tracker)).toBe(future)
})

describe('instrument() and a login', () => {
  const handlers = { async: async () => {}, sync: () => {} }
  for (const [kind, handler] of Object.entries(handlers)) {
    const login = () =>
      instrument(cli(['login']), tracker, { login: 'login' }).command('login', 'signs in', {}, handler)

    test(`parseAsync() waits for the look-up of a handler that is ${kind}`, async () => {
      let found = () => {}
      lookUp = new Promise((resolve) => {
        found = resolve
      })
      let parsed = false
      const parsing = login()
        .parseAsync()
        .then((argv) => {
          parsed = true
          return argv
        })
      await new Promise((resolve) => setTimeout(resolve, 20))
      expect(noted).toEqual([{ name: 'login', options: { identity: 'login' }, ended: true }])
      expect(parsed).toBe(false)
      found()
      expect((await parsing)._).toEqual(['login'])
    })

    test(`parseAsync() waits at most 2 s when the handler is ${kind}`, async () => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      lookUp = new Promise(() => {})
      const parsing = login().parseAsync()
      await vi.advanceTimersByTimeAsync(2000)
      expect((await parsing)._).toEqual(['login'])
    })

    test(`parseAsync() does not mind a look-up that fails when the handler is ${kind}`, async () => {
      lookUp = Promise.reject(new Error('offline'))
      expect((await login().parseAsync())._).toEqual(['login'])
    })
  }

  test('parse() of a synchronous handler returns a value all the same', () => {
    lookUp = Promise.resolve()
    const y = instrument(cli(['login']), tracker, { login: 'login' }).command('login', 'signs in', {}, () => {})
    expect(y.parse()).toMatchObject({ _: ['login'] })
    expect(noted).toMatchObject([{ name: 'login', ended: true }])
  })
})

test('instrument() leaves nothing behind on the process', async () => {
  const count = () => ['exit', 'uncaughtExceptionMonitor'].map((event) => process.listenerCount(event))
  const before = count()
  const y = instrument(cli([]), tracker)
    .command('run', 'x', {}, () => {})
    .command('fail', 'x', {}, async () => {
      throw new Error('x')
    })
    .fail(false)
  await y.parseAsync(['run'])
  await expect(y.parseAsync(['fail'])).rejects.toThrow('x')
  expect(noted).toHaveLength(2)
  expect(count()).toEqual(before)
})

describe('telemetryCommand()', () => {
  const status = {
    consent: { allowed: false, source: 'DO_NOT_TRACK', explanation: 'Off: DO_NOT_TRACK is set.' },
    app: 'acme',
    identity: { kind: 'anonymous', principalId: null },
    lastReporter: null,
    backoff: {},
  }
  const entry = { at: '2026-11-20T10:00:00.000Z', event: 'CLI execution failed' }
  let journal: Journal
  let stored: string[]
  let answer: TrackingStored
  const inspectable = {
    ...tracker,
    status: (): Status => status,
    setTracking: (tracking: 'on' | 'off') => {
      stored.push(tracking)
      return answer
    },
    journal: () => journal,
  }
  beforeEach(() => {
    journal = []
    stored = []
    answer = { kind: 'stored', left: [] }
  })

  /** Its standard output. */
  async function telemetry(...words: string[]): Promise<string> {
    let output = ''
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      output += String(text)
      return true
    })
    const y = instrument(cli(['telemetry', ...words]), inspectable)
    await y.command(telemetryCommand(inspectable)).strict().fail(false).parseAsync()
    vi.restoreAllMocks()
    return output
  }

  const text = [
    'Off: DO_NOT_TRACK is set.',
    'app: acme',
    'identity: kind anonymous, principalId none',
    'lastReporter: none',
    'backoff: none',
    '',
  ].join('\n')

  test('status', async () => {
    expect(await telemetry('status')).toBe(text)
    expect(stored).toEqual([])
    expect(noted).toEqual([])
  })

  test('status --json', async () => {
    expect(JSON.parse(await telemetry('status', '--json'))).toEqual(status)
  })

  test.each(['on', 'off'])('%s stores it, then says what counts', async (action) => {
    expect(await telemetry(action)).toBe(text)
    expect(stored).toEqual([action])
    expect(noted).toEqual([])
  })

  test.each<[string, TrackingStored]>([
    ['telemetry off: could not be stored (EROFS)\n', { kind: 'failed', reason: 'EROFS' }],
    ['telemetry off: stored, but not erased: /a, /b\n', { kind: 'stored', left: ['/a', '/b'] }],
  ])('complains on stderr: %s', async (complaint, result) => {
    answer = result
    let complained = ''
    vi.spyOn(process.stderr, 'write').mockImplementation((line) => {
      complained += String(line)
      return true
    })
    expect(await telemetry('off')).toBe(text)
    expect(complained).toBe(complaint)
    expect(process.exitCode).toBe(1)
    process.exitCode = undefined
  })

  test('log', async () => {
    expect(await telemetry('log')).toMatch(/^Nothing has been sent/)
    journal = [
      { ...entry, verdict: 'accepted' },
      { at: entry.at, verdict: 'dropped', event: null, reason: 'age' },
    ]
    expect(await telemetry('log')).toBe(
      '2026-11-20T10:00:00.000Z  accepted  CLI execution failed\n2026-11-20T10:00:00.000Z  dropped  -  (age)\n',
    )
    expect(JSON.parse(await telemetry('log', '--json'))).toEqual(journal)
  })

  test.each([[[]], [['maybe']], [['status', '--bad']]])('refuses %j, unrecorded', async (words) => {
    await expect(telemetry(...words)).rejects.toThrow()
    expect(noted).toEqual([])
    expect(stored).toEqual([])
  })
})
