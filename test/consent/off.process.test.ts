/** Promise 5: no means no. Off leaves no file, starts no process, opens no socket and loads no package; a stored `off` also erases. */
import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { CommandTracker } from '../../src/index.ts'
import { startBlackHole, startFakePostHog } from '../support/fake-posthog.ts'
import { type Home, makeHome } from '../support/home.ts'
import { program, runNode, start } from '../support/run.ts'
import { TIMED } from '../support/timed.ts'
import { waitUntil } from '../support/wait-until.ts'

const COMMAND = program('command.mjs')
const STRACE = '/usr/bin/strace'
const IS_ROOT = process.getuid?.() === 0
const NOBODY = 65_534

/** A tracker of this process for that home. */
function trackerOf(home: Home, host = 'http://127.0.0.1:9'): CommandTracker {
  return new CommandTracker({
    app: 'acme',
    version: '1.2.3',
    directory: home.layout.directory,
    posthog: { apiKey: 'phc_test', host },
  })
}

function store(home: Home, text: string): void {
  mkdirSync(home.layout.telemetry, { recursive: true, mode: 0o700 })
  writeFileSync(home.layout.consent, text)
}

describe('what the system sees of a command', () => {
  interface Row {
    readonly name: string
    readonly env?: Readonly<Record<string, string>>
    readonly stored?: string
    readonly act?: string
  }
  const off: readonly Row[] = [
    { name: 'DO_NOT_TRACK=1', env: { DO_NOT_TRACK: '1' } },
    { name: 'ACME_USAGE_TRACKING=0', env: { ACME_USAGE_TRACKING: '0' } },
    { name: 'ACME_USAGE_TRACKING=0, and the command fails', env: { ACME_USAGE_TRACKING: '0' }, act: 'throw' },
    { name: 'ACME_USAGE_TRACKING=0, and the command exits', env: { ACME_USAGE_TRACKING: '0' }, act: 'exit' },
    { name: 'ACME_USAGE_TRACKING set but empty', env: { ACME_USAGE_TRACKING: '' } },
    { name: 'CI=true', env: { CI: 'true' } },
    { name: 'a stored off', stored: '{"tracking":"off"}' },
    {
      name: 'a stored off against ACME_USAGE_TRACKING=1',
      stored: '{"tracking":"off"}',
      env: { ACME_USAGE_TRACKING: '1' },
    },
    { name: 'a stored choice that does not parse', stored: '{"tracking":' },
  ]

  test.for(off)('off by $name: nothing but looking', async (row, { skip }) => {
    skip(!existsSync(STRACE), 'needs strace')
    const calls = await callsOf(row)
    const inHome = calls.filter((call) => call.includes(HOME_MARK))
    expect(
      inHome.filter((call) => !/^(newfstatat|statx|l?stat|access|readlink|execve)\(|^openat\(.*O_RDONLY/.test(call)),
    ).toEqual([])
    expect(
      calls.filter((call) => call.includes('O_CREAT') || /^(mkdir|rename|link|symlink|unlink|chmod|utime)/.test(call)),
    ).toEqual([])
    expect(processesOf(calls)).toHaveLength(1)
    expect(calls.filter((call) => /^(socket|connect|bind|sendto)\(/.test(call))).toEqual([])
    expect(calls.filter((call) => SENDERS.test(call))).toEqual([])
  })

  test('on, the control: all of that is seen', async ({ skip }) => {
    skip(!existsSync(STRACE), 'needs strace')
    const calls = await callsOf({ name: 'on' })
    expect(calls.filter((call) => call.includes(HOME_MARK) && call.includes('O_CREAT')).length).toBeGreaterThan(2)
    expect(calls.some((call) => call.startsWith('mkdir('))).toBe(true)
    expect(processesOf(calls).length).toBeGreaterThan(1)
    expect(calls.some((call) => call.startsWith('connect('))).toBe(true)
    expect(calls.some((call) => SENDERS.test(call))).toBe(true)
  })

  const HOME_MARK = '/home-'
  const SENDERS =
    /launching|ask-at-begin|reporter\/main|look-up-main|rare-changes|posthog|proper-lockfile|write-file-atomic/

  /** Every system call about files, processes and the network, of the command and of whatever it started, without its pid. */
  async function callsOf({ env = {}, stored, act = 'ok' }: Row): Promise<readonly string[]> {
    const home = makeHome()
    if (stored !== undefined) store(home, stored)
    const before = home.files()
    const log = `${home.path}/strace`
    const args = [
      '-f',
      '-qq',
      '-s',
      '300',
      '-o',
      log,
      '-e',
      'trace=%file,%process,%network',
      process.execPath,
      COMMAND,
      act,
    ]
    await start(STRACE, args, { env: home.env(env) }).finished
    if (env['DO_NOT_TRACK'] !== undefined || stored !== undefined) expect(home.files()).toEqual(before)
    return readFileSync(log, 'utf8')
      .split('\n')
      .map((line) => line.replace(/^\d+\s+/, ''))
  }

  function processesOf(calls: readonly string[]): readonly string[] {
    return calls.filter((call) => /^(execve|v?fork)\(|^clone3?\(/.test(call) && !call.includes('CLONE_THREAD'))
  }
})

describe('a stored choice that is no choice', () => {
  const rows: readonly (readonly [string, (home: Home) => void])[] = [
    ['garbage', (home) => store(home, 'yes')],
    ['empty', (home) => store(home, '')],
    ['another word', (home) => store(home, '{"tracking":"maybe"}')],
    ['a directory', (home) => mkdirSync(home.layout.consent, { recursive: true, mode: 0o700 })],
    [
      'a FIFO',
      (home) => {
        mkdirSync(home.layout.telemetry, { recursive: true, mode: 0o700 })
        execFileSync('mkfifo', [home.layout.consent])
      },
    ],
    [
      'a link to a yes',
      (home) => {
        mkdirSync(home.layout.telemetry, { recursive: true, mode: 0o700 })
        writeFileSync(`${home.path}/yes`, '{"tracking":"on"}')
        symlinkSync(`${home.path}/yes`, home.layout.consent)
      },
    ],
  ]
  test.each(rows)('%s means no', async (_, arrange) => {
    const home = makeHome()
    arrange(home)
    const before = home.files()
    expect(await outcomesIn(home)).toEqual({ 'off: stored-unreadable': 1 })
    expect(home.files()).toEqual(before)
  })

  test('not to be read (mode 000) means no', async ({ skip }) => {
    skip(!IS_ROOT, 'needs root, to become somebody else')
    const home = makeHome()
    store(home, '{"tracking":"on"}')
    chmodSync(dirname(home.path), 0o711)
    for (const path of [home.path, home.layout.directory, home.layout.telemetry, home.layout.consent])
      chownSync(path, NOBODY, NOBODY)
    expect(await outcomesIn(home, { uid: NOBODY, gid: NOBODY })).toEqual({ recorded: 1 }) // the control
    const before = home.files()
    chmodSync(home.layout.consent, 0o000)
    await home.quiet()
    expect(await outcomesIn(home, { uid: NOBODY, gid: NOBODY })).toEqual({ 'off: stored-unreadable': 1 })
    expect(home.pending()).toHaveLength(1)
    expect(before).toContain('usage.json')
  })

  async function outcomesIn(home: Home, as: { uid?: number; gid?: number } = {}): Promise<unknown> {
    const env = home.env({ POSTHOG: 'http://127.0.0.1:9' })
    const { stdout, stderr } = await runNode([program('timed-command.mjs')], { env, ...as })
    expect(stderr).toBe('')
    return (JSON.parse(stdout) as { outcomes: unknown }).outcomes
  }
})

describe('setTracking()', () => {
  const KEPT = ['telemetry/consent.json', 'telemetry/notice-shown', 'telemetry/sessions/done/x/summary.json']

  test("'off' erases what waits, the ids and their copies; keeps consent, notice-shown and sessions", async () => {
    const home = makeHome()
    await runNode([COMMAND, 'ok'], { env: home.env() })
    await home.quiet()
    mkdirSync(`${home.layout.sessions}/done/x`, { recursive: true })
    const { directory, telemetry, inFlight } = home.layout
    for (const path of [
      `${directory}/usage.json.damaged-1700000000000`,
      `${directory}/usage.json.3141592653`,
      `${telemetry}/usage-x.tmp`,
      `${telemetry}/principal.json`,
      `${telemetry}/sent.jsonl`,
      `${telemetry}/notice-shown`,
      `${inFlight}/01890000-0000-7000-8000-000000000000.json`,
      `${home.layout.sessions}/done/x/summary.json`,
    ])
      writeFileSync(path, 'x')
    expect(home.pending()).toHaveLength(1)
    expect(trackerOf(home).setTracking('off')).toMatchObject({ kind: 'stored', erased: 2, left: [] })
    expect(home.files()).toEqual(KEPT)
    expect(readFileSync(home.layout.consent, 'utf8')).toBe('{"tracking":"off"}\n')
    await runNode([COMMAND, 'ok'], { env: home.env() })
    expect(home.files()).toEqual(KEPT)
  })

  test("'on' after 'off': a new id, and nothing of before", async () => {
    const home = makeHome()
    await runNode([COMMAND, 'ok'], { env: home.env() })
    const [before] = home.pending()
    const tracker = trackerOf(home)
    tracker.setTracking('off')
    expect(tracker.setTracking('on')).toMatchObject({ kind: 'stored', erased: 0, left: [] })
    await runNode([COMMAND, 'ok'], { env: home.env() })
    const [after] = home.pending()
    expect(home.pending()).toHaveLength(1)
    expect(after?.distinct_id).not.toBe(before?.distinct_id)
    expect(tracker.status()).toMatchObject({
      consent: { allowed: true, source: 'stored' },
      identity: { kind: 'anonymous' },
    })
  })

  test("'off' and 'on' reach a stand-in for an unwritable home", async ({ skip }) => {
    skip(!IS_ROOT, 'needs root, to become somebody else')
    const home = makeHome()
    chmodSync(dirname(home.path), 0o711)
    const temporary = `${home.path}/tmp`
    mkdirSync(temporary)
    chownSync(temporary, NOBODY, NOBODY)
    const as = { uid: NOBODY, gid: NOBODY, env: home.env({ TMPDIR: temporary, POSTHOG: 'http://127.0.0.1:9' }) }
    const standIn = `${temporary}/acme-${NOBODY}`
    chownSync(home.path, NOBODY, NOBODY)
    chmodSync(home.path, 0o555)
    const files = (): readonly string[] =>
      execFileSync('find', [standIn, '-type', 'f', '-printf', '%P\n'], { encoding: 'utf8' }).split('\n').filter(Boolean)
    const say = (choice: string) => runNode([program('set-tracking.mjs'), choice], as)

    await runNode([COMMAND, 'ok'], as)
    await home.quiet()
    expect(files().filter((name) => name.startsWith('telemetry/pending/'))).toHaveLength(1)
    expect(JSON.parse((await say('off')).stdout)).toMatchObject({ kind: 'stored', erased: 1, left: [] })
    expect(files()).toEqual(['telemetry/consent.json'])
    await runNode([COMMAND, 'ok'], as)
    expect(files()).toEqual(['telemetry/consent.json'])
    expect(JSON.parse((await say('on')).stdout)).toMatchObject({ kind: 'stored', erased: 0, left: [] })
    await runNode([COMMAND, 'ok'], as)
    expect(files().filter((name) => name.startsWith('telemetry/pending/'))).toHaveLength(1)

    chmodSync(home.path, 0o755) // now the home can be written, and the stand-in still holds an id
    expect(JSON.parse((await say('off')).stdout)).toMatchObject({ kind: 'stored', erased: 1 })
    expect(files().filter((name) => name !== 'telemetry/consent.json')).toEqual([])
    await say('on')
    await runNode([COMMAND, 'ok'], as)
    expect(home.pending()).toHaveLength(1)
  })

  test.each(['finish', 'SIGTERM', 'SIGKILL'] as const)(
    "'off' while a command runs that ends by %s: nothing of it stays",
    async (end) => {
      const home = makeHome()
      const running = start(process.execPath, [program('ends.mjs'), UNTIL_USR2], { env: home.env() })
      await running.said('ready')
      expect(home.inFlight()).toHaveLength(1)
      trackerOf(home).setTracking('off')
      if (end === 'finish') running.child.kill('SIGUSR2')
      else running.child.kill(end)
      await running.finished
      expect(home.files()).toEqual(['telemetry/consent.json'])
    },
  )
  const UNTIL_USR2 = `const t = setInterval(() => {}, 1000)
    await new Promise((done) => { process.on('SIGUSR2', () => { clearInterval(t); done() }); console.log('ready') })`

  test("'off' and 'on' while a command runs: what had begun before the no is not recorded", async () => {
    const home = makeHome()
    const running = start(process.execPath, [program('ends.mjs'), UNTIL_USR2], { env: home.env() })
    await running.said('ready')
    trackerOf(home).setTracking('off')
    trackerOf(home).setTracking('on')
    running.child.kill('SIGUSR2')
    expect((await running.finished).code).toBe(0)
    expect(home.files()).toEqual(['telemetry/consent.json'])
  })

  test("'off' while a request is on the wire: the reporter writes nothing more", async () => {
    const posthog = await startFakePostHog({ respond: { delayMs: 400 } })
    onTestFinished(() => posthog.close())
    const home = makeHome()
    await runNode([COMMAND, 'ok'], { env: home.env({ POSTHOG: posthog.url }) })
    await posthog.waitFor(() => posthog.requests.length === 1)
    expect(home.reporters().length).toBeGreaterThan(0)
    trackerOf(home).setTracking('off')
    await home.quiet()
    expect(home.files()).toEqual(['telemetry/consent.json'])
  })

  test("'off' against commands that begin and end all the time, 100 times: never a file afterwards (races R3, R4, R11)", async () => {
    const home = makeHome()
    const tracker = trackerOf(home)
    // A notice that is due keeps reporters out of this: they are the next test's.
    const env = home.env({ TRACKER: JSON.stringify({ notice: { url: 'https://acme.example/privacy' } }) })
    const children = [1, 2].map(() => watchLines([program('many-commands.mjs')], env))
    for (let cycle = 0; cycle < 100; cycle++) {
      for (const child of children) child.forget()
      tracker.setTracking('on')
      await Promise.all(children.map((child) => child.says('recorded')))
      for (const child of children) child.forget() // an `off` that is seen from here on is the next one
      tracker.setTracking('off')
      await Promise.all(children.map((child) => child.says('off: stored')))
      expect(home.files(), `cycle ${cycle}`).toEqual(['telemetry/consent.json'])
    }
    for (const child of children) child.stop()
  })

  test("'off' against commands and the reporters they start, 10 times: never a file once it is quiet", async () => {
    const posthog = await startFakePostHog()
    onTestFinished(() => posthog.close())
    const home = makeHome()
    const tracker = trackerOf(home)
    const child = watchLines([program('many-commands.mjs')], home.env({ POSTHOG: posthog.url }))
    for (let cycle = 0; cycle < 10; cycle++) {
      child.forget()
      tracker.setTracking('on')
      await child.says('recorded')
      const accepted = posthog.acceptedByUuid.size
      await posthog.waitFor(() => posthog.acceptedByUuid.size > accepted)
      child.forget()
      tracker.setTracking('off')
      await child.says('off: stored')
      await home.quiet()
      expect(home.files(), `cycle ${cycle}`).toEqual(['telemetry/consent.json'])
    }
    child.stop()
  })

  interface Lines {
    forget(): void
    says(line: string): Promise<unknown>
    stop(): void
  }

  function watchLines(args: readonly string[], env: Record<string, string>): Lines {
    const { child } = start(process.execPath, args, { env, stdio: ['pipe', 'pipe', 'inherit'], open: true })
    const seen = new Set<string>()
    let rest = ''
    child.stdout?.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) seen.add(line)
    })
    return {
      forget: () => seen.clear(),
      says: (line) => waitUntil(`a command says '${line}'`, () => seen.has(line), { everyMs: 1 }),
      stop: () => child.stdin?.end(),
    }
  }
})

describe('in CI', () => {
  interface Result {
    readonly ms: number
    readonly outcomes: unknown
  }

  async function runIn(home: Home, host: string, ci: string): Promise<Result> {
    const env = home.env({ CI: 'true', POSTHOG: host, TRACKER: JSON.stringify({ ci }) })
    return JSON.parse((await runNode([program('timed-command.mjs')], { env })).stdout) as Result
  }

  test("ci: 'off' records nothing", async () => {
    const home = makeHome()
    expect((await runIn(home, 'http://127.0.0.1:9', 'off')).outcomes).toEqual({ 'off: ci': 1 })
    expect(home.files()).toEqual([])
  })

  test("ci: 'inline' has delivered when the command is over, and leaves no process", async () => {
    const posthog = await startFakePostHog()
    onTestFinished(() => posthog.close())
    const home = makeHome()
    expect((await runIn(home, posthog.url, 'inline')).outcomes).toEqual({ recorded: 1 })
    expect(posthog.acceptedEvents).toMatchObject([{ properties: { is_ci: true, delivery: 'inline' } }])
    expect(home.reporters()).toEqual([])
    expect(home.pending()).toEqual([])
    expect(home.files()).not.toContain('telemetry/reporter.lock')
  })

  test("ci: 'inline' with a silent endpoint: the host waits 1.5 s at most, and the event waits", TIMED, async () => {
    const hole = await startBlackHole()
    onTestFinished(() => hole.close())
    const home = makeHome()
    const { ms } = await runIn(home, hole.url, 'inline')
    expect(hole.connections()).toBe(1)
    expect(ms).toBeGreaterThan(500)
    expect(ms).toBeLessThan(1500 + 300) // a kill and a wake-up on a busy machine
    expect(home.pending()).toHaveLength(1)
    expect(home.reporters()).toEqual([])
    expect(home.files()).not.toContain('telemetry/reporter.lock')
  })

  test("ci: 'detached' is delivered by a reporter", async () => {
    const posthog = await startFakePostHog()
    onTestFinished(() => posthog.close())
    const home = makeHome()
    await runIn(home, posthog.url, 'detached')
    await posthog.waitFor(() => posthog.acceptedEvents.length === 1)
    expect(posthog.acceptedEvents).toMatchObject([{ properties: { is_ci: true, delivery: 'detached' } }])
  })
})
