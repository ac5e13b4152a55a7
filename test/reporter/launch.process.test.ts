import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { destinationKey } from '../../src/reporter/backoff.ts'
import { killSurvivor } from '../../src/reporter/kill-survivor.ts'
import { type LaunchRequest, launchReporter } from '../../src/reporter/launch.ts'
import { startInline } from '../../src/reporter/launch-inline.ts'
import { REPORTER_LIMITS } from '../../src/reporter/limits.ts'
import { parseLock, takeReporterLock } from '../../src/reporter/reporter-lock.ts'
import { encodeTask } from '../../src/reporter/reporter-task.ts'
import { REPORTER_FILE, reporterProcesses, runReporter } from '../support/acme.ts'
import { enqueueMany, makeEnvelope, prepareSpool } from '../support/envelopes.ts'
import { type FakePostHog, startBlackHole, startFakePostHog } from '../support/fake-posthog.ts'
import { type Home, makeHome } from '../support/home.ts'
import { runNode, start } from '../support/run.ts'
import { TIMED } from '../support/timed.ts'
import { waitUntil } from '../support/wait-until.ts'

let home: Home
let posthog: FakePostHog
beforeEach(async () => {
  home = makeHome()
  prepareSpool(home.layout)
  posthog = await startFakePostHog()
  onTestFinished(() => posthog.close())
})
afterEach(() => vi.unstubAllEnvs())

const request = (more: Partial<LaunchRequest> = {}): LaunchRequest => ({
  layout: home.layout,
  app: 'acme',
  destination: { apiKey: 'phc_test', host: posthog.url },
  consentFiles: [home.layout.consent],
  reporterFile: REPORTER_FILE,
  startInline: null,
  killSurvivor,
  patient: true,
  token: 'mine',
  nowMs: Date.now(),
  ...more,
})
const backOff = (host: string): void =>
  writeFileSync(
    home.layout.backoff,
    JSON.stringify({
      [destinationKey(host, 'phc_test')]: {
        not_before: new Date(Date.now() + 60_000).toISOString(),
        failures: 1,
        reason: 'http 503',
      },
    }),
  )

describe('launchReporter()', () => {
  it('starts one that carries what waits, and whose lock holds off a second', async () => {
    posthog.respond({ delayMs: 300 })
    enqueueMany(home.layout, 3)
    expect(launchReporter(request())).toMatchObject({ kind: 'launched', pid: expect.any(Number) })
    expect(launchReporter(request({ token: 'other' }))).toEqual({ kind: 'refused', reason: 'already-running' })
    await waitUntil('the lock is signed', () => parseLock(home.layout.reporterLock)?.holder !== undefined)
    expect(reporterProcesses(home).map(({ pid }) => pid)).toContain(parseLock(home.layout.reporterLock)?.holder?.pid)
    await posthog.waitFor(({ acceptedByUuid }) => acceptedByUuid.size === 3)
    await home.quiet()
    expect(existsSync(home.layout.reporterLock)).toBe(false)
    expect(JSON.parse(readFileSync(home.layout.reporterState, 'utf8'))).toMatchObject({
      end: 'done',
      accepted: 3,
      rejected: 0,
      requests: 1,
    })
  })

  it('refuses in a reporter, and while the destination is to be left alone, without a lock', () => {
    vi.stubEnv('AFTERWORD_REPORTER', '{}')
    expect(launchReporter(request())).toEqual({ kind: 'refused', reason: 'is-reporter' })
    vi.unstubAllEnvs()
    backOff(posthog.url)
    expect(launchReporter(request())).toEqual({ kind: 'refused', reason: 'backing-off' })
    expect(existsSync(home.layout.reporterLock)).toBe(false)
  })

  it.each([
    ["another destination's back-off", true, 'http://elsewhere'],
    ['the back-off, if it is told not to wait', false, null],
  ])('does not mind %s', async (_, patient, host) => {
    backOff(host ?? posthog.url)
    enqueueMany(home.layout, 1)
    expect(launchReporter(request({ patient }))).toMatchObject({ kind: 'launched' })
    await posthog.waitFor(({ acceptedByUuid }) => acceptedByUuid.size === 1)
  })

  it('takes its lock away again when nothing can be started', () => {
    expect(launchReporter(request({ reporterFile: '/nonexistent.cjs' }))).toEqual({
      kind: 'refused',
      reason: 'script-missing',
    })
    expect(launchReporter(request({ layout: { ...home.layout, reporterLock: '/nonexistent/x' } }))).toEqual({
      kind: 'failed',
      reason: 'ENOENT',
    })
  })

  it('inline is one pass that is waited for', async () => {
    enqueueMany(home.layout, 2)
    // The server is in this process, which is blocked meanwhile: so by a host of its own.
    const end = await runReporter(home, posthog.url, 'inline')
    expect([end.code, end.signal]).toEqual([0, null])
    expect(posthog.acceptedByUuid.size).toBe(2)
    expect(home.pending()).toEqual([])
    expect(existsSync(home.layout.reporterLock)).toBe(false)
  })

  it('inline is over within its limit where nobody answers, and the events wait', TIMED, async () => {
    const hole = await startBlackHole()
    onTestFinished(hole.close)
    enqueueMany(home.layout, 2)
    const startedAt = Date.now()
    const outcome = launchReporter(
      request({
        startInline: (spawn) => startInline(spawn, home.layout.noReap),
        destination: { apiKey: 'phc_test', host: hole.url },
      }),
    )
    expect(outcome.kind).toBe('ran-inline')
    expect(Date.now() - startedAt).toBeLessThan(REPORTER_LIMITS.inlineKillMs + 300)
    expect(home.pending()).toHaveLength(2)
  })
})

describe('a reporter', () => {
  it('whose lock is another’s leaves at once, without a request', async () => {
    enqueueMany(home.layout, 1)
    const variables = encodeTask({
      role: 'report',
      app: 'acme',
      directory: home.layout.directory,
      destination: { apiKey: 'phc_test', host: posthog.url },
      consentFiles: [],
      token: 'not-the-one',
      patient: true,
    })
    takeReporterLock(home.layout.reporterLock, 'another', Date.now())
    const { code } = await runNode([REPORTER_FILE], { env: home.env({ ...variables, AFTERWORD_BOX: 'outside' }) })
    expect(code).toBe(1)
    expect(posthog.connections).toBe(0)
    expect(parseLock(home.layout.reporterLock)).toEqual({ token: 'another' })
  })

  it('that somebody starts by hand, or with nonsense, does nothing', async () => {
    for (const variables of [undefined, { AFTERWORD_REPORTER: 'x' }, { AFTERWORD_REPORTER: '{"role":"dance"}' }]) {
      const before = home.files()
      const { code, stdout, stderr } = await runNode([REPORTER_FILE], {
        env: home.env(variables),
      })
      expect([code, stdout, stderr]).toEqual([0, '', ''])
      expect(home.files()).toEqual(before)
    }
  })

  it('sends an alias first, and a lone one under the role of a login: acknowledged is 0', async () => {
    const alias = makeEnvelope({
      uuid: 'c2a1e0d4-1f0b-5c3e-9d2a-0123456789ab',
      event: '$create_alias',
      distinct_id: 'usr_1',
      is_anon: false,
      properties: { distinct_id: 'usr_1', alias: 'anon', $geoip_disable: true, $ip: null },
    })
    const [other] = enqueueMany(home.layout, 1)
    enqueueMany(home.layout, 1, () => alias)
    const place = {
      app: 'acme',
      directory: home.layout.directory,
      destination: { apiKey: 'phc_test', host: posthog.url },
      consentFiles: [home.layout.consent],
    }
    const send = async (): Promise<number | null> => {
      const variables = encodeTask({ role: 'alias', ...place, uuid: alias.uuid, boxMs: 5000 })
      const { code } = await runNode([REPORTER_FILE], { env: home.env({ ...variables, AFTERWORD_BOX: 'outside' }) })
      return code
    }
    posthog.respond({ status: 503 })
    expect(await send()).toBe(1)
    expect(home.files().filter((file) => file.includes('backoff') || file.includes('lock'))).toEqual([])
    posthog.respond(undefined)
    expect(await send()).toBe(0)
    expect(posthog.acceptedEvents.map(({ uuid }) => uuid)).toEqual([alias.uuid])
    expect(home.pending().map(({ uuid }) => uuid)).toEqual([other?.uuid])
    enqueueMany(home.layout, 1, () => alias)
    launchReporter(request())
    await posthog.waitFor(({ acceptedEvents }) => acceptedEvents.length === 3)
    expect(posthog.requests.at(-1)?.events.map(({ event }) => event)).toEqual([
      '$create_alias',
      'CLI execution succeeded',
    ])
  })
})

describe('the look-up child', () => {
  const FILE = REPORTER_FILE.replace('main.cjs', 'look-up-main.cjs')
  const variables = (boxMs: number): Record<string, string> => ({
    ...encodeTask({ role: 'look-up', boxMs }),
    AFTERWORD_BOX: 'outside',
  })

  it('shows neither address nor credential to others', async () => {
    posthog.respond('hang')
    const input = JSON.stringify({ url: `${posthog.url}/batch/`, credential: 'sk_live_x' })
    const child = start(process.execPath, [FILE], { env: home.env(variables(10_000)), input })
    await posthog.waitFor(({ requests }) => requests.length === 1)
    for (const file of ['cmdline', 'environ'])
      expect(readFileSync(`/proc/${child.pid}/${file}`, 'utf8')).not.toMatch(/sk_live_x|127\.0\.0\.1/)
    expect(posthog.requests[0]?.headers.authorization).toBe('Bearer sk_live_x')
  })

  it.each<[string, string, number | null, string]>([
    ['a 200', 'ok', 0, '{"status":"Ok"}'],
    ['a refusal', '401', 1, ''],
    ['no JSON on stdin', 'torn', 1, ''],
  ])('says what it was told: %s', async (_, what, code, stdout) => {
    if (what === '401') posthog.respond({ status: 401, body: 'who are you' })
    const url = `${posthog.url}/batch/`
    const input = what === 'torn' ? '{"url' : JSON.stringify({ url, credential: 'k' })
    const end = await runNode([FILE], { env: home.env(variables(10_000)), input })
    expect([end.code, end.stdout, end.stderr]).toEqual([code, stdout, ''])
  })

  it('is over at its box by itself, whoever drips', async () => {
    posthog.respond('drip')
    const input = JSON.stringify({ url: `${posthog.url}/batch/`, credential: 'k' })
    const end = await runNode([FILE], { env: home.env(variables(900)), input })
    expect(end.stdout).toBe('')
    expect(end.wallMs).toBeLessThan(3000)
  })
})
