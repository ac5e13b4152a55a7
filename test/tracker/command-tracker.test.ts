import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { boolean, CommandTracker, defineProperties, integer, oneOf } from '../../src/index.ts'
import type { TrackerOptions } from '../../src/tracker/tracker-options.ts'
import { type Home, makeHome } from '../support/home.ts'

const properties = defineProperties({ tool: oneOf('a', 'b'), files: integer(), deep: boolean() })

type Options = Partial<Omit<TrackerOptions, 'properties'>>

/** Of this process, for that home. The notice is due and deferred (no terminal): whatever is recorded stays where it can be seen. */
function trackerOf(home: Home, more: Options = {}) {
  return new CommandTracker({
    app: 'acme',
    version: '1.2.3',
    directory: home.layout.directory,
    posthog: { apiKey: 'phc_test', host: 'http://127.0.0.1:9' },
    notice: { url: 'https://acme.example' },
    properties,
    ...more,
  })
}

function events(home: Home): readonly (readonly [unknown, unknown])[] {
  const commands = home.pending().filter(({ event }) => event.startsWith('CLI execution'))
  return commands.map(({ properties: { command_name, outcome } }) => [command_name, outcome] as const)
}

function identity(home: Home): { anon_id: string; linked_principal_id: string | null } {
  return JSON.parse(readFileSync(home.layout.usage, 'utf8')) as ReturnType<typeof identity>
}

describe('run() passes through', () => {
  const states: readonly (readonly [string, (home: Home) => void])[] = [
    ['on', () => undefined],
    [
      'off',
      (home) => {
        mkdirSync(home.layout.telemetry, { recursive: true })
        writeFileSync(home.layout.consent, '{"tracking":"off"}')
      },
    ],
    ['broken', (home) => writeFileSync(home.layout.directory, 'a file')],
  ]
  const values: readonly unknown[] = [{ a: 1 }, undefined, null, 0, '', Symbol('s'), () => 1]

  test.each(states)('the value and the error itself, with telemetry %s', async (_, arrange) => {
    const home = makeHome()
    arrange(home)
    const tracker = trackerOf(home)
    for (const value of values) {
      expect(await tracker.run('sync', () => value)).toBe(value)
      expect(await tracker.run('async', async () => value)).toBe(value)
      const thrown = await tracker.run('throws', () => { throw value }).then(() => 'nothing', (error: unknown) => [error]) // biome-ignore format: one line
      expect(thrown).toStrictEqual([value])
      expect((thrown as unknown[])[0]).toBe(value)
    }
  })
})

describe('nothing of the host throws out of a tracker', () => {
  const trap = (): never => {
    throw new Error('trap')
  }
  const hostile = new Proxy(
    {},
    { get: trap, has: trap, ownKeys: trap, getPrototypeOf: trap, getOwnPropertyDescriptor: trap },
  )
  const principals: readonly unknown[] = [
    trap,
    () => Promise.reject(new Error('no')),
    async () => trap(),
    () => 7,
    () => hostile,
    () => ({ url: 'https://', credential: trap }),
    () => ({ url: 'nowhere', credential: 'x', read: trap }),
    // oxlint-disable-next-line unicorn/no-thenable
    () => ({ then: trap }),
    () => 'x'.repeat(100_000),
    () => 'null',
    { url: 'http://127.0.0.1:9', credential: () => 'x', read: trap },
  ]
  const credentials: readonly unknown[] = [
    trap,
    () => 7,
    () => hostile,
    () => Symbol('x'),
    async () => 'x',
    () => '\0'.repeat(1e6),
  ]

  test.each([
    ...principals.map((principal, index) => [`principal ${index}`, { principal }] as const),
    ...credentials.map(
      (credential, index) => [`credential ${index}`, { credential, principal: () => 'user_1' }] as const,
    ),
  ])('%s', async (_, more) => {
    const home = makeHome()
    const tracker = trackerOf(home, more as Options)
    for (const act of [{}, { identity: 'login' }, { identity: 'logout' }] as const) {
      expect(await tracker.run('toolkit.run', () => 'value', act)).toBe('value')
      await expect(tracker.run('toolkit.run', trap, act)).rejects.toThrow('trap')
    }
    expect(tracker.status().outcomes).toEqual({ recorded: 6 })
    expect(events(home)).toHaveLength(6)
  })

  test('properties, names, ends and options of any kind', async () => {
    const home = makeHome()
    const tracker = trackerOf(home) as unknown as {
      begin: (...args: unknown[]) => Record<string, (value?: unknown) => unknown>
      run: CommandTracker['run']
      status: CommandTracker['status']
    }
    const anything: readonly unknown[] = [
      undefined,
      null,
      0,
      1n,
      '',
      'some text',
      Symbol('s'),
      [],
      hostile,
      trap,
      Object.create(null),
      new Proxy(trap, { get: trap }),
    ]
    for (const it of anything) {
      for (const [name, options] of [
        [it, {}],
        ['x', it],
        ['x', { identity: it }],
      ] as const) {
        const begun = tracker.begin(name, options)
        const inner = tracker.begin(name, options)
        for (const each of [inner, begun]) {
          each['add']?.(it)
          each['add']?.({ tool: it, files: it, deep: it })
          each['finish']?.(it)
          each['finish']?.({ error: it, exitCode: it, outcome: it })
          each['discard']?.()
        }
      }
      await expect(
        tracker.run('x', () => Promise.reject(it as Error)).catch((error: unknown) => error === it),
      ).resolves.toBe(true)
    }
    expect(tracker.status().waiting.running).toBe(0)
    for (const { properties: sent } of home.pending())
      expect([sent['tool'], sent['deep'], sent['files'] || undefined]).toEqual([undefined, undefined, undefined])
  })
})

test('status() has this shape', async () => {
  const home = makeHome()
  const tracker = trackerOf(home)
  const nobody = { kind: 'none', anonId: null, principalId: null }
  expect(tracker.status()).toMatchObject({
    identity: nobody,
    waiting: { events: 0, oldest: null, running: 0 },
    outcomes: {},
  })
  await tracker.run('toolkit.run', () => expect(tracker.status().waiting.running).toBe(1))
  const [event] = home.pending()
  expect(tracker.status()).toEqual({
    app: 'acme',
    directory: home.layout.directory,
    consent: {
      allowed: true,
      mode: 'on',
      source: 'notice',
      noticeDue: true,
      explanation: expect.stringContaining('notice') as string,
    },
    identity: { kind: 'anonymous', anonId: event?.distinct_id, principalId: null },
    waiting: { events: 1, oldest: expect.stringMatching(/^\d{4}-.*Z$/) as string, running: 0 },
    delivery: 'detached',
    lastReporter: null,
    backoff: {},
    outcomes: { recorded: 1 },
  })
  expect(Object.keys(home.layout)).toContain('pending')
})

describe('a run inside a run', () => {
  test('is one event, the outer one, with what the inner added', async () => {
    const home = makeHome()
    const [outer, inner] = [trackerOf(home), trackerOf(home)]
    await outer.run('outer', async (command) => {
      command.add({ files: 1, deep: true })
      await inner.run('inner', (innermost) => innermost.add({ tool: 'a', files: 2 }))
    })
    expect(events(home)).toEqual([['outer', 'ok']])
    expect(home.pending()[0]?.properties).toMatchObject({ tool: 'a', files: 2, deep: true })
  })

  test('that fails and is caught is no failure', async () => {
    const home = makeHome()
    const tracker = trackerOf(home)
    await tracker.run('outer', () => tracker.run('inner', () => Promise.reject(new Error('no'))).catch(() => undefined))
    expect(events(home)).toEqual([['outer', 'ok']])
  })

  test('that signs in, signs the outer in; one that fails does not', async () => {
    const home = makeHome()
    const tracker = trackerOf(home, { principal: () => 'user_1', credential: () => null })
    await tracker.run('outer', () =>
      tracker.run('login', () => Promise.reject(new Error('no')), { identity: 'login' }).catch(() => undefined),
    )
    expect(identity(home).linked_principal_id).toBe(null)
    await tracker.run('outer', () => tracker.run('login', () => undefined, { identity: 'login' }))
    expect(identity(home).linked_principal_id).toBe('user_1')
    const last = home
      .pending()
      .filter(({ event }) => event !== '$create_alias')
      .at(-1)
    expect(last).toMatchObject({ distinct_id: 'user_1', properties: { command_name: 'outer' } })
  })

  test('that signs out, signs the outer out', async () => {
    const home = makeHome()
    const tracker = trackerOf(home, { principal: () => 'user_1' })
    await tracker.run('login', () => undefined, { identity: 'login' })
    const before = identity(home)
    const outer = tracker.begin('outer')
    const inner = tracker.begin('logout', { identity: 'logout' })
    void inner.finish()
    void outer.finish()
    expect(identity(home)).toMatchObject({ linked_principal_id: null })
    expect(identity(home).anon_id).not.toBe(before.anon_id)
  })

  test('of another directory is its own', async () => {
    const [a, b] = [makeHome(), makeHome()]
    await trackerOf(a).run('outer', () => trackerOf(b).run('inner', () => undefined))
    expect([events(a), events(b)]).toEqual([[['outer', 'ok']], [['inner', 'ok']]])
  })
})

test('runs one after the other are as many events, and leave no listener behind', async () => {
  const home = makeHome()
  const tracker = trackerOf(home)
  const listeners = (): readonly number[] =>
    ['exit', 'SIGINT', 'SIGTERM', 'SIGHUP', 'uncaughtExceptionMonitor'].map((name) => process.listenerCount(name))
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  await turn() // those of the tests before have gone
  const before = listeners()
  await tracker.run('first', async () => {
    const [exit, ...signals] = before
    expect(listeners().slice(0, 4), 'while its first stretch computes').toEqual([
      (exit ?? 0) + 1,
      ...signals.slice(0, 3),
    ])
    await turn()
    expect(listeners()).toEqual(before.map((count) => count + 1))
  })
  await tracker.run('second', () => Promise.reject(new Error('no'))).catch(() => undefined)
  expect(events(home)).toEqual([
    ['first', 'ok'],
    ['second', 'error'],
  ])
  await turn()
  expect(listeners()).toEqual(before)
})

test('a command that waits for nothing never listens to a signal, whatever it awaits', async () => {
  const home = makeHome()
  const tracker = trackerOf(home)
  const heard: string[] = []
  const added = (name: string | symbol): void => void heard.push(String(name))
  process.on('newListener', added)
  await tracker.run('quick', async () => {
    await Promise.resolve()
  })
  await new Promise((resolve) => setImmediate(resolve))
  process.removeListener('newListener', added)
  expect(events(home)).toEqual([['quick', 'ok']])
  expect(heard.filter((name) => name.startsWith('SIG'))).toEqual([])
  expect(heard).toContain('exit')
})

test('two copies of this package make one event of a run inside a run', async () => {
  const home = makeHome()
  const copy = async (name: string): Promise<typeof CommandTracker> => {
    const { href } = new URL(`../../dist/index.js?copy=${name}`, import.meta.url)
    return ((await import(/* @vite-ignore */ href)) as { CommandTracker: typeof CommandTracker }).CommandTracker
  }
  const [One, Two] = [await copy('one'), await copy('two')]
  expect(One).not.toBe(Two)
  const options: TrackerOptions = {
    app: 'acme',
    version: '1.2.3',
    directory: home.layout.directory,
    posthog: { apiKey: 'phc_test', host: 'http://127.0.0.1:9' },
    notice: { url: 'https://acme.example' },
  }
  const [one, two] = [new One(options), new Two(options)]
  await one.run('outer', () => two.run('inner', () => undefined))
  await two.run('next', () => undefined)
  expect(events(home)).toEqual([
    ['outer', 'ok'],
    ['next', 'ok'],
  ])
})

describe('begin()', () => {
  test('finish() records once, and discard() after it forgets nothing', () => {
    const home = makeHome()
    const begun = trackerOf(home).begin('watch')
    expect(home.inFlight()).toHaveLength(1)
    begun.add({ files: 3 })
    expect(begun.finish()).toBe(undefined)
    void begun.finish({ error: new Error('late') })
    begun.discard()
    expect(events(home)).toEqual([['watch', 'ok']])
    expect(home.pending()[0]?.properties).toMatchObject({ files: 3, exit_code: 0 })
    expect(home.inFlight()).toEqual([])
  })

  test('discard() records nothing, nor does finish() after it', () => {
    const home = makeHome()
    const begun = trackerOf(home).begin('watch')
    begun.discard()
    void begun.finish()
    expect(home.inFlight()).toEqual([])
    expect(home.pending()).toEqual([])
  })

  const ends = [
    [{}, { outcome: 'ok', exit_code: 0 }],
    [{ exitCode: 3 }, { outcome: 'error', exit_code: 3 }],
    [{ error: new TypeError('x') }, { outcome: 'error', exit_code: 1, error_class: 'TypeError' }],
    [{ error: undefined }, { outcome: 'error', exit_code: 1, error_class: 'undefined' }],
    [
      { error: new TypeError('x'), exitCode: 5 },
      { outcome: 'error', exit_code: 5 },
    ],
    [{ outcome: 'usage_error' }, { outcome: 'usage_error', exit_code: 1 }],
    [
      { outcome: 'usage_error', exitCode: 64 },
      { outcome: 'usage_error', exit_code: 64 },
    ],
    [
      { outcome: 'cancelled', error: new Error('x') },
      { outcome: 'cancelled', exit_code: 1 },
    ],
    [{ outcome: 'ok' }, { outcome: 'ok', exit_code: 0 }],
  ] as const
  test.each(ends)('finish(%o) says %o', (end, says) => {
    const home = makeHome()
    void trackerOf(home).begin('watch').finish(end)
    expect(home.pending()[0]?.properties).toMatchObject(says)
  })

  test('finish() takes process.exitCode for what is to come', () => {
    const home = makeHome()
    process.exitCode = 4
    try {
      void trackerOf(home).begin('watch').finish()
    } finally {
      process.exitCode = undefined
    }
    expect(home.pending()[0]?.properties).toMatchObject({ outcome: 'error', exit_code: 4 })
  })
})

test('journal() is empty where there is none', () => {
  expect(trackerOf(makeHome()).journal()).toEqual([])
})
