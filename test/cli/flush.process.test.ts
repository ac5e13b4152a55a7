import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { FlushReport } from '../../src/cli/flush.ts'
import type { LogLine } from '../../src/cli/log.ts'
import { uuid7 } from '../../src/events/uuid7.ts'
import { startFakePostHog } from '../support/fake-posthog.ts'
import { makeHome } from '../support/home.ts'
import { program, start } from '../support/run.ts'
import { waitUntil } from '../support/wait-until.ts'
import { acme, afterword, leaveWaiting, startAfterword } from './program.ts'

test('flush with nothing to do exits 0 and starts nothing', async () => {
  const home = makeHome()
  const { code, stdout, stderr } = await afterword(home, 'flush --app acme')
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '0 delivered, 0 rejected, 0 waiting\n', stderr: '' })
  expect(home.files()).toEqual([])
})

test('flush exits 1 while the endpoint is down, and delivers at once when it is up, back-off or not', async () => {
  const home = makeHome()
  const posthog = await startFakePostHog({ respond: { status: 503 } })
  await acme(home, posthog.url)
  await acme(home, posthog.url)
  await home.quiet()
  const down = await afterword(home, 'flush --app acme')
  expect(down).toMatchObject({
    code: 1,
    stdout: `0 delivered, 0 rejected, 2 waiting (${posthog.url}: http 503)\n`,
    stderr: 'delivering: 0 delivered, 0 rejected, 2 waiting\n',
  })
  const key = `${posthog.url} phc_test`
  const far = { not_before: new Date(Date.now() + 3_600_000).toISOString(), failures: 2, reason: 'http 503' }
  writeFileSync(home.layout.backoff, JSON.stringify({ [key]: far }))
  expect((await afterword(home, 'log --app acme')).stdout).toMatch(/waiting +until \S.*: http 503$/m)
  posthog.respond(undefined)
  const up = await afterword(home, 'flush --app acme')
  expect(up).toMatchObject({ code: 0, stdout: '2 delivered, 0 rejected, 0 waiting\n' })
  expect(posthog.acceptedByUuid.size).toBe(2)
  expect(home.pending()).toEqual([])
})

test('flush --json', async () => {
  const home = makeHome()
  const posthog = await startFakePostHog()
  await leaveWaiting(home, 'http://127.0.0.1:9')
  const down = await afterword(home, 'flush --app acme --json')
  expect(JSON.parse(down.stdout) as FlushReport).toEqual({
    delivered: 0,
    rejected: 0,
    waiting: 1,
    reasons: ['http://127.0.0.1:9: refused ECONNREFUSED'],
    running: 0,
  })
  const up = await afterword(home, `flush --app acme --json --host ${posthog.url}`)
  expect(up.code).toBe(0)
  expect(JSON.parse(up.stdout) as FlushReport).toMatchObject({ delivered: 1, waiting: 0, reasons: [] })
})

test('flush --host moves only what has the key', async () => {
  const home = makeHome()
  const posthog = await startFakePostHog()
  await leaveWaiting(home, 'http://127.0.0.1:9')
  const other = await afterword(home, `flush --app acme --host ${posthog.url} --api-key phc_other`)
  expect(other.code).toBe(1)
  expect(posthog.requests).toEqual([])
  const same = await afterword(home, `flush --app acme --host ${posthog.url} --api-key phc_test`)
  expect(same.code).toBe(0)
  expect(posthog.acceptedByUuid.size).toBe(1)
})

test('flush counts what is rejected, and log says why', async () => {
  const home = makeHome()
  const posthog = await startFakePostHog()
  await leaveWaiting(home, posthog.url, 'nothing-yet')
  await home.quiet()
  posthog.respond({ status: 503 })
  await acme(home, posthog.url)
  await acme(home, posthog.url, 'throw')
  await home.quiet()
  const isFailure = (event: { event: string }) => event.event === 'CLI execution failed'
  posthog.respond((request) =>
    request.events.some(isFailure) ? { status: 400, body: 'bad \u{1b}[31mevent' } : undefined,
  )
  const { code, stdout } = await afterword(home, 'flush --app acme')
  expect(stdout).toBe("1 delivered, 1 rejected, 0 waiting. 'afterword log' says why they were rejected\n")
  expect(code).toBe(0)
  await home.quiet()
  const log = await afterword(home, 'log --app acme')
  expect(log.stdout).toMatch(/^TIME +EVENT +COMMAND +WHO +VERDICT +REASON$/m)
  expect(log.stdout).toMatch(/CLI execution failed +toolkit\.run +[0-9a-f]{8} +rejected +http 400: bad \[31mevent$/m)
  expect(log.stdout).toMatch(/CLI execution succeeded +toolkit\.run +[0-9a-f]{8} +accepted$/m)
  const lines = (await afterword(home, 'log --app acme --json')).stdout.trimEnd().split('\n')
  const verdicts = lines.map((line) => (JSON.parse(line) as LogLine).verdict)
  expect(verdicts).toEqual(expect.arrayContaining(['accepted', 'rejected', 'dropped']))
})

describe('no means no for flush', () => {
  test.each([
    [{ DO_NOT_TRACK: '1' }, 'Off: DO_NOT_TRACK is set.'],
    [{ ACME_USAGE_TRACKING: '0' }, 'Off: ACME_USAGE_TRACKING is set to a value that means no.'],
    [{ CI: 'true' }, 'Off: this is a CI system (CI=false says it is not).'],
  ])('under %j nothing is sent, and what waits is not delivered: exit 1', async (variables, why) => {
    const home = makeHome()
    const posthog = await startFakePostHog({ respond: { status: 503 } })
    await leaveWaiting(home, posthog.url)
    const asked = posthog.requests.length
    const { code, stdout } = await afterword(home, 'flush --app acme', variables)
    expect({ code, stdout }).toEqual({ code: 1, stdout: `0 delivered, 0 rejected, 1 waiting (${why})\n` })
    expect(posthog.requests).toHaveLength(asked)
  })

  test('after off nothing waits: exit 0', async () => {
    const home = makeHome()
    await leaveWaiting(home, 'http://127.0.0.1:9')
    await afterword(home, 'off --app acme')
    const { code, stdout } = await afterword(home, 'flush --app acme')
    expect(code).toBe(0)
    expect(stdout).toContain('0 waiting (Off: ')
  })
})

test('flush waits while another reporter holds the lock', async () => {
  const home = makeHome()
  const posthog = await startFakePostHog({ respond: { status: 503 } })
  await leaveWaiting(home, posthog.url)
  posthog.respond(undefined)
  writeFileSync(home.layout.reporterLock, '{"token":"somebody"}\n')
  const running = startAfterword(home, 'flush --app acme')
  let stderr = ''
  running.child.stderr?.on('data', (text: string) => {
    stderr += text
  })
  await waitUntil('it says so', () =>
    stderr.includes('waiting for another reporter: 0 delivered, 0 rejected, 1 waiting'),
  )
  expect(home.pending()).toHaveLength(1)
  rmSync(home.layout.reporterLock)
  expect(await running.finished).toMatchObject({ code: 0, stdout: '1 delivered, 0 rejected, 0 waiting\n' })
})

test('flush adopts a killed command', async () => {
  const home = makeHome()
  const posthog = await startFakePostHog()
  const command = start(process.execPath, [program('command.mjs'), 'hang'], { env: home.env({ POSTHOG: posthog.url }) })
  await command.said('ready')
  const whileItRuns = await afterword(home, 'flush --app acme --json')
  expect(JSON.parse(whileItRuns.stdout) as FlushReport).toMatchObject({ delivered: 0, waiting: 0, running: 1 })
  command.child.kill('SIGKILL')
  await command.finished
  const { code, stdout } = await afterword(home, 'flush --app acme')
  expect({ code, stdout }).toEqual({ code: 0, stdout: '1 delivered, 0 rejected, 0 waiting\n' })
  expect(posthog.acceptedEvents[0]?.properties).toMatchObject({ outcome: 'crashed' })
})

test('flush makes as many reporters as it takes', async () => {
  const home = makeHome()
  const posthog = await startFakePostHog({ respond: { status: 503 } })
  await leaveWaiting(home, posthog.url)
  const [template] = home.pending()
  for (let count = 0; count < 249; count++) {
    const uuid = uuid7(Date.now())
    writeFileSync(`${home.layout.pending}/${uuid}.json`, `${JSON.stringify({ ...template, uuid })}\n`)
  }
  // Three batches at most, each answered so late that one reporter cannot see all the answers.
  posthog.respond({ delayMs: 4000 })
  const pids = new Set<unknown>()
  const look = setInterval(() => {
    const text = readFileSync(home.layout.reporterState, { encoding: 'utf8' })
    pids.add((JSON.parse(text) as { pid: number }).pid)
  }, 100)
  onTestFinished(() => clearInterval(look))
  const { code, stdout } = await afterword(home, 'flush --app acme')
  expect({ code, stdout }).toEqual({ code: 0, stdout: '250 delivered, 0 rejected, 0 waiting\n' })
  expect(posthog.acceptedByUuid.size).toBe(250)
  expect(pids.size).toBeGreaterThanOrEqual(3) // the one that failed at first is in there
})
