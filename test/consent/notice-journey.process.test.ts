/** The first-run notice from the first command to the first delivery, in a real terminal; and log mode, which sends nothing at all. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { noticeText } from '../../src/consent/notice.ts'
import { type FakePostHog, startFakePostHog } from '../support/fake-posthog.ts'
import { type Home, makeHome } from '../support/home.ts'
import { type Finished, program, runNode, start } from '../support/run.ts'

const COMMAND = program('command.mjs')
const SCRIPT = '/usr/bin/script'
const URL_SHOWN = 'https://acme.example/usage'
const NOTICE = noticeText({ app: 'acme', url: URL_SHOWN, variable: 'ACME_USAGE_TRACKING' })
const WITH_NOTICE = { TRACKER: JSON.stringify({ notice: { url: URL_SHOWN } }) }

async function makeScene(): Promise<{ home: Home; posthog: FakePostHog; env: Record<string, string> }> {
  const posthog = await startFakePostHog()
  onTestFinished(() => posthog.close())
  const home = makeHome()
  return { home, posthog, env: home.env({ POSTHOG: posthog.url, ...WITH_NOTICE }) }
}

/** In a terminal of its own; `redirect` is shell text. What the terminal showed is `stdout`, with plain line ends. */
async function inTerminal(env: Record<string, string>, act = 'ok', redirect = ''): Promise<Finished> {
  const line = `'${process.execPath}' '${COMMAND}' ${act} ${redirect}`
  const end = await start(SCRIPT, ['-qec', line, '/dev/null'], { env: { ...env, SHELL: '/bin/sh' } }).finished
  return { ...end, stdout: end.stdout.replaceAll('\r\n', '\n') }
}

function expectNothingStarted(home: Home, posthog: FakePostHog): void {
  expect(home.files().filter((name) => /reporter|backoff|sent/.test(name))).toEqual([])
  expect(home.reporters()).toEqual([])
  expect(posthog.connections).toBe(0)
}

describe('notice: { url }', () => {
  test('first run in a terminal: shown after the output, once, and nothing is started; the second run sends both events', async ({
    skip,
  }) => {
    skip(!existsSync(SCRIPT), 'needs script(1)')
    const { home, posthog, env } = await makeScene()
    expect((await inTerminal(env)).stdout).toBe(`done\n${NOTICE}`)
    expect(home.pending()).toHaveLength(1)
    expect(home.files()).toContain('telemetry/notice-shown')
    expectNothingStarted(home, posthog)

    expect((await inTerminal(env)).stdout).toBe('done\n')
    await posthog.waitFor(() => posthog.acceptedByUuid.size === 2)
  })

  test('stdout is machine output, stderr the terminal: the notice is on stderr alone', async ({ skip }) => {
    skip(!existsSync(SCRIPT), 'needs script(1)')
    const { home, env } = await makeScene()
    const file = `${home.path}/stdout`
    expect((await inTerminal(env, 'ok', `> '${file}'`)).stdout).toBe(NOTICE)
    expect(readFileSync(file, 'utf8')).toBe('done\n')
  })

  test.for([
    ['exit', 3],
    ['throw', 1],
  ] as const)('a first run that ends by %s shows it too, and ends as it would', async ([act, code], { skip }) => {
    skip(!existsSync(SCRIPT), 'needs script(1)')
    const { home, posthog, env } = await makeScene()
    const end = await inTerminal(env, act)
    expect(end.stdout).toContain(NOTICE)
    expect(end.code).toBe(code)
    expectNothingStarted(home, posthog)
  })

  test('no terminal: deferred, silent, events wait; shown at the first terminal; then everything is sent', async ({
    skip,
  }) => {
    skip(!existsSync(SCRIPT), 'needs script(1)')
    const { home, posthog, env } = await makeScene()
    for (const waiting of [1, 2]) {
      expect(await runNode([COMMAND, 'ok'], { env })).toMatchObject({ stdout: 'done\n', stderr: '', code: 0 })
      expect(home.pending()).toHaveLength(waiting)
    }
    expect(home.files()).not.toContain('telemetry/notice-shown')
    expect((await inTerminal(env)).stdout).toContain(NOTICE)
    expectNothingStarted(home, posthog)
    expect(await runNode([COMMAND, 'ok'], { env })).toMatchObject({ stdout: 'done\n', stderr: '' })
    await posthog.waitFor(() => posthog.acceptedByUuid.size === 4)
  })

  test('a terminal and a no: no notice, no file', async ({ skip }) => {
    skip(!existsSync(SCRIPT), 'needs script(1)')
    const { home, env } = await makeScene()
    expect((await inTerminal({ ...env, DO_NOT_TRACK: '1' })).stdout).toBe('done\n')
    expect(existsSync(home.layout.directory)).toBe(false)
  })

  test('without the option: sent from the first run on', async ({ skip }) => {
    skip(!existsSync(SCRIPT), 'needs script(1)')
    const { posthog, env } = await makeScene()
    expect((await inTerminal({ ...env, TRACKER: '{}' })).stdout).toBe('done\n')
    await posthog.waitFor(() => posthog.acceptedByUuid.size === 1)
  })
})

describe('ACME_USAGE_TRACKING=log', () => {
  interface Row {
    readonly act: string
    readonly ends: number | string
    readonly says: Readonly<Record<string, unknown>>
  }
  const rows: readonly Row[] = [
    { act: 'ok', ends: 0, says: { outcome: 'ok', exit_code: 0 } },
    { act: 'throw', ends: 1, says: { outcome: 'error', error_class: 'Error', error_message: 'it broke' } },
    { act: 'exit', ends: 3, says: { outcome: 'error', exit_code: 3 } },
    { act: 'unhandled', ends: 1, says: { outcome: 'error', error_message: 'nobody handled it' } },
    { act: 'hang', ends: 'SIGTERM', says: { outcome: 'terminated', signal: 'SIGTERM' } },
  ]
  test.each(rows)('a command that ends by $act: its envelope is on stderr, and there is no file', async (row) => {
    const { home, posthog, env } = await makeScene()
    const running = start(process.execPath, [COMMAND, row.act], { env: { ...env, ACME_USAGE_TRACKING: 'log' } })
    if (row.act === 'hang') {
      await running.said('ready')
      running.child.kill('SIGTERM')
    }
    const end = await running.finished
    expect(end.signal ?? end.code).toBe(row.ends)
    expect(shown(end.stderr)).toMatchObject({ app: 'acme', host: posthog.url, properties: row.says })
    expect(end.stderr.startsWith(`acme: would be sent to ${posthog.url} (`)).toBe(true)
    expect(existsSync(home.layout.directory)).toBe(false)
    expectNothingStarted(home, posthog)
  })

  test('shows every property that is then really sent, but for those it names as added', async () => {
    const { posthog, env } = await makeScene()
    const { stderr } = await runNode([COMMAND, 'throw'], { env: { ...env, ACME_USAGE_TRACKING: 'log' } })
    await runNode([COMMAND, 'throw'], { env: { ...env, TRACKER: '{}' } })
    await posthog.waitFor(() => posthog.acceptedEvents.length === 1)
    const before = Object.keys(shown(stderr).properties)
    const sent = Object.keys(posthog.acceptedEvents[0]?.properties ?? {})
    expect(before.filter((name) => !sent.includes(name))).toEqual([])
    const added = sent.filter((name) => !before.includes(name))
    expect(added.filter((name) => !stderr.includes(name) && name !== '$process_person_profile')).toEqual([])
    expect(added).toContain('$lib')
  })

  test.each([
    ['a stored off', {}, '{"tracking":"off"}', 'Off: '],
    ['a stored choice that cannot be read', {}, 'x', 'cannot be read or understood'],
    ['CI', { CI: 'true' }, null, 'this is a CI system'],
  ] as const)('under %s says why nothing would be sent', async (_, added, stored, why) => {
    const { home, env } = await makeScene()
    if (stored !== null) {
      mkdirSync(home.layout.telemetry, { recursive: true, mode: 0o700 })
      writeFileSync(home.layout.consent, stored)
    }
    const before = home.files()
    const end = await runNode([COMMAND, 'ok'], { env: { ...env, ...added, ACME_USAGE_TRACKING: 'log' } })
    expect(end.stderr).toContain('acme: nothing would be sent. ')
    expect(end.stderr).toContain(why)
    expect(end.stderr.trimEnd().split('\n')).toHaveLength(1)
    expect(end.stdout).toBe('done\n')
    expect(home.files()).toEqual(before)
  })

  test('DO_NOT_TRACK outranks it: nothing is printed', async () => {
    const { home, env } = await makeScene()
    const end = await runNode([COMMAND, 'ok'], { env: { ...env, ACME_USAGE_TRACKING: 'log', DO_NOT_TRACK: '1' } })
    expect(end).toMatchObject({ stdout: 'done\n', stderr: '' })
    expect(existsSync(home.layout.directory)).toBe(false)
  })

  test('inside a run of its own the inner is a part of the outer: one envelope', async () => {
    const { env } = await makeScene()
    const body = `await tracker.run('inner', () => {})`
    const end = await runNode([program('ends.mjs'), body], { env: { ...env, ACME_USAGE_TRACKING: 'log' } })
    expect(end.stderr.match(/"uuid"/g)).toHaveLength(1)
    expect(shown(end.stderr).properties).toMatchObject({ command_name: 'toolkit.run' })
  })

  /** The envelope among what stderr says. */
  function shown(stderr: string): { readonly properties: Readonly<Record<string, unknown>> } {
    const json = /^\{\n[^]*?^\}$/m.exec(stderr)?.[0]
    if (json === undefined) throw new Error(`no envelope in: ${stderr}`)
    return JSON.parse(json) as { properties: Record<string, unknown> }
  }
})
