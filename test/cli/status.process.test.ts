import { chmodSync, cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { StatusReport } from '../../src/cli/status.ts'
import { startFakePostHog } from '../support/fake-posthog.ts'
import { type Home, makeHome } from '../support/home.ts'
import { acme, afterword, leaveWaiting } from './program.ts'

const DOWN = 'http://127.0.0.1:9'

async function report(home: Home, variables: Record<string, string> = {}, words = '--app acme'): Promise<StatusReport> {
  const { code, stdout, stderr } = await afterword(home, `status ${words} --json`, variables)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout) as StatusReport
}

function store(home: Home, text: string): void {
  mkdirSync(home.layout.telemetry, { recursive: true, mode: 0o700 })
  writeFileSync(home.layout.consent, text)
}

describe('status says what decided', () => {
  test.each([
    ['nothing', null, {}, true, 'on', 'default', 'On: nothing says otherwise.'],
    ['a stored on', '{"tracking":"on"}', {}, true, 'on', 'stored', 'On: '],
    ['a stored off', '{"tracking":"off"}', {}, false, 'off', 'stored', 'says so.'],
    ['unreadable consent', 'nonsense', {}, false, 'off', 'stored-unreadable', 'and that means no.'],
    ['DO_NOT_TRACK', '{"tracking":"on"}', { DO_NOT_TRACK: '1' }, false, 'off', 'DO_NOT_TRACK', 'DO_NOT_TRACK is set.'],
    ['the variable', null, { ACME_USAGE_TRACKING: '0' }, false, 'off', 'app-variable', 'ACME_USAGE_TRACKING is set'],
    [
      'the variable =log',
      null,
      { ACME_USAGE_TRACKING: 'log' },
      false,
      'log',
      'log-variable',
      'ACME_USAGE_TRACKING=log',
    ],
    ['CI', null, { CI: 'true' }, false, 'off', 'ci', "acme's own rule for CI is part of acme and not known here"],
  ] as const)('%s', async (_, stored, variables, allowed, mode, source, words) => {
    const home = makeHome()
    if (stored !== null) store(home, stored)
    const before = home.files()
    expect((await report(home, variables)).consent).toMatchObject({ allowed, mode, source })
    const { code, stdout, stderr } = await afterword(home, 'status --app acme', variables)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain(words)
    expect(home.files()).toEqual(before)
  })
})

test('status of what was never used', async () => {
  const home = makeHome()
  const { stdout } = await afterword(home, 'status')
  expect(stdout).toBe(
    [
      'app        afterword',
      `directory  ${home.path}/.afterword`,
      'consent    On: nothing says otherwise.',
      'identity   none so far: the first command makes a random one',
      'waiting    nothing',
      'delivery   detached: a background process that lives at most 10 seconds',
      'back-off   none',
      'reporter   none so far',
      'delivered  nothing so far',
      '',
    ].join('\n'),
  )
  expect(home.files()).toEqual([])
})

test('status says what waits, since when, and what it waits for', async () => {
  const home = makeHome()
  await acme(home, DOWN)
  await acme(home, DOWN)
  await home.quiet()
  const { waiting, backoff, identity, lastReporter } = await report(home)
  expect(waiting).toMatchObject({ events: 2, running: 0 })
  expect(backoff[`${DOWN} phc_test`]).toMatchObject({ failures: 1, reason: 'refused ECONNREFUSED' })
  expect(identity).toMatchObject({ kind: 'anonymous', principalId: null })
  expect(lastReporter).toMatchObject({ end: 'done', accepted: 0 })
  const { stdout } = await afterword(home, 'status --app acme')
  expect(stdout).toMatch(/^waiting +2 events, the oldest for \d+ seconds?$/m)
  expect(stdout).toMatch(
    /^back-off +http:\/\/127\.0\.0\.1:9 (waits until \d\d:\d\d:\d\d|is tried again by the next command) after 1 failure \(refused ECONNREFUSED\)$/m,
  )
})

test('status shows the last delivery, by name and by --directory', async () => {
  const home = makeHome()
  const posthog = await startFakePostHog()
  await acme(home, posthog.url)
  await home.quiet()
  const byDirectory = await report(home, {}, `--directory ${home.layout.directory}`)
  expect(byDirectory).toEqual(await report(home))
  expect(byDirectory.app).toBe('acme')
  expect(byDirectory.lastDelivery).toMatchObject({ verdict: 'accepted', command: 'toolkit.run' })
  const { stdout } = await afterword(home, 'status --app acme')
  expect(stdout).toMatch(/^reporter +ended \d.*: 1 accepted, 0 rejected, 1 request$/m)
  expect(stdout).toMatch(/^delivered +CLI execution succeeded of toolkit\.run, accepted \d/m)
})

test('status counts what waits in a stand-in for an unwritable home', async () => {
  const home = makeHome()
  await leaveWaiting(home, DOWN)
  const directory = `${home.path}/acme-${process.getuid?.()}`
  cpSync(home.layout.directory, directory, { recursive: true })
  chmodSync(directory, 0o700)
  expect((await report(home)).standIns).toEqual([{ directory, waiting: 1 }])
  expect((await afterword(home, 'status --app acme')).stdout).toContain(`stand-in   ${directory}: 1 event`)
  chmodSync(directory, 0o755) // others could have put things there
  expect((await report(home)).standIns).toEqual([])
})
