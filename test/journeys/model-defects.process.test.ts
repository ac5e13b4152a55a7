/**
 * The twelve defects of the telemetry that this package was modelled on (facts: peers 3). Each test is named after the defect, and
 * that telemetry would fail it.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { makeAccount } from '../support/account.ts'
import { startFakePostHog } from '../support/fake-posthog.ts'
import { makeHome } from '../support/home.ts'
import { processesNaming } from '../support/processes.ts'
import { program, runNode, start } from '../support/run.ts'
import { waitUntil } from '../support/wait-until.ts'

const ALICE = 'user-alice'
const BOB = 'user-bob'

test('defect 1, telemetry can fail the command: in a home it cannot use, the command ends as without it', async () => {
  const spoils: readonly ((acme: string) => void)[] = [
    (acme) => writeFileSync(acme, 'a file where the directory should be'),
    (acme) => mkdirSync(`${acme}/usage.json`, { recursive: true }),
    (acme) => {
      mkdirSync(acme)
      writeFileSync(`${acme}/telemetry`, '')
    },
    (acme) => {
      mkdirSync(`${acme}/telemetry`, { recursive: true })
      for (const name of ['in-flight', 'pending', 'reporter.lock']) writeFileSync(`${acme}/telemetry/${name}`, '')
    },
  ]
  const acts = [
    ['login', 'key-alice'],
    ['logout', ''],
    ['other', ''],
  ]
  for (const spoil of spoils) {
    for (const args of acts) {
      const account = await makeAccount()
      spoil(account.home.layout.directory)
      for (const how of ['return', 'exit']) {
        const end = await account.start([...args, how]).finished
        expect(end).toMatchObject({ code: 0, stdout: 'worked\n', stderr: '' })
      }
      expect(await account.start([...args, 'throw']).finished).toMatchObject({ code: 1, stdout: 'worked\n' })
    }
  }
})

test('defect 1, telemetry can fail the command: a success is one event, and not a failure as well', async () => {
  const account = await makeAccount()
  await account.other()
  await account.events(1)
  await account.home.quiet()
  expect(account.posthog.events.map(({ event }) => event)).toEqual(['CLI execution succeeded'])
})

test('defect 2, the lock protects nothing: of changes by many processes each sees the one before it', async () => {
  const home = makeHome()
  mkdirSync(home.layout.telemetry, { recursive: true })
  writeFileSync(home.layout.usage, '{"anon_id":"first","linked_principal_id":null}\n')
  const { usage, principal } = home.layout
  const args = [program('change-identity.mjs'), usage, principal, '10']
  const ends = await Promise.all(Array.from({ length: 6 }, () => runNode(args, { env: home.env() })))
  const outcomes = ends.flatMap((end) => end.stdout.trim().split('\n')).map((line) => JSON.parse(line) as Outcome)
  expect(outcomes.map(({ kind }) => kind)).toEqual(Array(60).fill('changed'))
  const after = new Map(outcomes.map((outcome) => [outcome.before.linked_principal_id, outcome.identity]))
  expect(after.size).toBe(60)
  let at: Outcome['identity'] = { anon_id: 'first', linked_principal_id: null }
  for (let n = 0; n < 60; n++) at = after.get(at.linked_principal_id) as Outcome['identity']
  expect(JSON.parse(readFileSync(usage, 'utf8'))).toEqual(at)
})

interface Outcome {
  readonly kind: string
  readonly before: { readonly anon_id: string; readonly linked_principal_id: string | null }
  readonly identity: { readonly anon_id: string; readonly linked_principal_id: string | null }
}

test('defect 3, account switch without logout: the second person’s work is not the first one’s', async () => {
  const account = await makeAccount({ TOLD: 'no' })
  await account.login('key-alice')
  await account.login('key-bob', 'return', { NAME: 'switch' })
  const asked = account.auth.asked.length
  await account.other()
  const events = await account.events(4)
  const idOf = (name: string) => events.find((event) => event.properties['command_name'] === name)?.distinct_id
  expect([idOf('login'), idOf('switch'), idOf('other')]).toEqual([ALICE, BOB, BOB])
  expect(account.auth.asked).toHaveLength(asked) // nor does an ordinary command ask who is there
})

test('defect 4, alias failure is recorded as success: it waits, and is sent until it is accepted', async () => {
  const account = await makeAccount()
  account.posthog.respond({ status: 500 })
  await account.login('key-alice')
  const { anon_id } = account.identity()
  await account.home.quiet()
  expect(account.home.pending().map(({ event }) => event)).toContain('$create_alias')
  account.posthog.respond(undefined)
  rmSync(account.home.layout.backoff, { force: true })
  await account.other()
  const alias = (await account.events(3)).find(({ event }) => event === '$create_alias')
  expect(alias).toMatchObject({ distinct_id: ALICE, properties: { alias: anon_id } })
})

test('defect 5, a long command can undo a logout: what it read when it began is not written back', async () => {
  const account = await makeAccount()
  await account.login('key-alice')
  const GATE = `${account.home.path}/gate`
  const long = account.start(['other'], { NAME: 'long', GATE })
  await long.said('worked')
  await account.logout()
  const after = account.identity()
  writeFileSync(GATE, '')
  await long.finished
  expect(account.identity()).toEqual(after)
  expect(after.linked_principal_id).toBeNull()
  const event = (await account.events(4)).find((each) => each.properties['command_name'] === 'long')
  expect(event?.distinct_id).toBe(ALICE) // who was signed in when it began
})

test('defect 5, a long command can undo an opt-out: it writes nothing at its end', async () => {
  for (const how of ['return', 'exit'] as const) {
    const account = await makeAccount()
    await account.other('return', { NAME: 'before' })
    await account.events(1)
    await account.home.quiet()
    const GATE = `${account.home.path}/gate`
    account.setKey('key-alice')
    const long = account.start(['login', 'key-alice', how], { NAME: 'long', GATE })
    await long.said('worked')
    const off = await runNode([program('off.mjs')], { env: account.home.env() })
    expect(JSON.parse(off.stdout)).toMatchObject({ kind: 'stored' })
    writeFileSync(GATE, '')
    expect((await long.finished).code).toBe(0)
    expect(account.home.files()).toEqual(['telemetry/consent.json'])
    expect(account.posthog.acceptedByUuid.size).toBe(1)
  }
})

test('defect 6, event time is send time: a late event carries its own time, and every send the same uuid', async () => {
  const account = await makeAccount()
  account.posthog.respond({ status: 503 })
  const before = Date.now()
  await account.other()
  const after = Date.now()
  await account.home.quiet()
  const sentLater = Date.now()
  account.posthog.respond(undefined)
  rmSync(account.home.layout.backoff, { force: true })
  await account.other('return', { NAME: 'later' })
  await account.events(2)
  const sends = account.posthog.events.filter((event) => event.properties['command_name'] === 'other')
  expect(sends.length).toBeGreaterThanOrEqual(2)
  expect(new Set(sends.map(({ uuid, timestamp }) => `${uuid} ${timestamp}`)).size).toBe(1)
  const at = Date.parse(sends[0]?.timestamp ?? '')
  expect(at).toBeGreaterThanOrEqual(before)
  expect(at).toBeLessThanOrEqual(after)
  expect(sentLater).toBeGreaterThan(at)
})

test('defect 7, the whole environment is copied into the reporter: it gets neither secrets nor NODE_OPTIONS nor events', async () => {
  const account = await makeAccount()
  account.posthog.respond('hang')
  const environment = { AWS_SECRET_ACCESS_KEY: 'canary-secret', NODE_OPTIONS: '--no-warnings', NAME: 'canary.command' }
  await account.other('return', environment)
  const pids = await waitUntil('a reporter lives', () => {
    const found = account.home.reporters()
    return found.length > 0 && found
  })
  for (const pid of pids) {
    const shown = readFileSync(`/proc/${pid}/environ`, 'utf8') + readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    expect(shown).not.toMatch(/canary|NODE_OPTIONS|AWS_|command_name/)
  }
})

test('defect 8, raw error text is sent: paths, addresses and tokens are not', async () => {
  const home = makeHome()
  const posthog = await startFakePostHog()
  const secrets = [
    '/home/canary/project',
    'https://canary:pw@internal.example/x?token=canary',
    'ghp_canary0123456789abcdefghijklmnopqrstuv',
  ]
  await runNode([program('fail-with.mjs'), `could not read ${secrets.join(' or ')}`], {
    env: home.env({ POSTHOG: posthog.url }),
  })
  const event = await posthog.waitFor(() => posthog.events[0])
  expect(event.properties['error_message']).toEqual(expect.any(String))
  expect(JSON.stringify(event)).not.toContain('canary')
  await posthog.close()
})

test.each([
  ['an empty variable', { ACME_USAGE_TRACKING: '' }],
  ['DO_NOT_TRACK', { DO_NOT_TRACK: '1' }],
  ['the variable', { ACME_USAGE_TRACKING: '0' }],
])('defect 9, consent gaps: %s is a no, without a notice, a file or a socket', async (_, variables) => {
  const home = makeHome()
  const posthog = await startFakePostHog()
  const TRACKER = JSON.stringify({ notice: { url: 'https://acme.example/telemetry' } })
  const env = home.env({ POSTHOG: posthog.url, TRACKER, ...variables })
  const end = await runNode([program('command.mjs'), 'ok'], { env })
  expect(end).toMatchObject({ code: 0, stdout: 'done\n', stderr: '' })
  expect(home.files()).toEqual([])
  expect(home.reporters()).toEqual([])
  expect(posthog.connections).toBe(0)
  await posthog.close()
})

test('defect 9, consent gaps: the first command sends nothing, and no notice gets into its output', async () => {
  const home = makeHome()
  const posthog = await startFakePostHog()
  const TRACKER = JSON.stringify({ notice: { url: 'https://acme.example/telemetry' } })
  const end = await runNode([program('command.mjs'), 'ok'], { env: home.env({ POSTHOG: posthog.url, TRACKER }) })
  expect(end).toMatchObject({ code: 0, stdout: 'done\n', stderr: '' }) // no terminal: deferred
  expect(home.reporters()).toEqual([])
  expect(home.pending()).toHaveLength(1)
  expect(posthog.connections).toBe(0)
  await posthog.close()
})

test('defect 10, exit(0) counts as failure, and signals are invisible', async () => {
  const home = makeHome()
  const posthog = await startFakePostHog()
  const env = home.env({ POSTHOG: posthog.url })
  await runNode([program('command.mjs'), 'exit', '0', 'by.exit'], { env })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    const running = start(process.execPath, [program('command.mjs'), 'hang', '0', `by.${signal.toLowerCase()}`], {
      env,
    })
    await running.said('ready')
    running.child.kill(signal)
    expect((await running.finished).signal).toBe(signal)
  }
  await posthog.waitFor(() => posthog.acceptedByUuid.size === 4)
  const outcomes = posthog.acceptedEvents.map(({ properties }) => [properties['command_name'], properties['outcome']])
  expect(Object.fromEntries(outcomes)).toEqual({
    'by.exit': 'ok',
    'by.sigint': 'cancelled',
    'by.sigterm': 'terminated',
    'by.sighup': 'terminated',
  })
  await posthog.close()
})

test('defect 11, a process per event: twenty commands at once make at most two reporters', async () => {
  const account = await makeAccount()
  const seen = new Set<number>()
  let over = false
  const watching = waitUntil('it is over', () => {
    for (const pid of processesNaming(account.home.path)) if (isNode(pid)) seen.add(pid)
    return over
  })
  await Promise.all(Array.from({ length: 20 }, (_, n) => account.other('return', { NAME: `burst.${n}` })))
  await account.events(20)
  await account.home.quiet()
  over = true
  await watching
  expect(seen.size).toBeGreaterThan(0)
  expect(seen.size).toBeLessThanOrEqual(2)
})

function isNode(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0] === process.execPath
  } catch {
    return false
  }
}

test('defect 12, Windows: the same command runs there, replaces its files, and spawns detached without a window', async () => {
  const account = await makeAccount()
  const SPAWNED = `${account.home.path}/spawned`
  const environment = {
    SPAWNED,
    NODE_OPTIONS: `--require=${program('pretend-windows.cjs')}`,
    PRINCIPAL: `() => '${ALICE}'`,
  }
  for (const args of [['other'], ['login', 'key-alice'], ['logout']])
    expect(await account.start(args, environment).finished).toMatchObject({ code: 0, stdout: 'worked\n', stderr: '' })
  expect(account.identity().linked_principal_id).toBeNull()
  const spawned = readFileSync(SPAWNED, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object)
  for (const each of spawned)
    expect(each).toMatchObject({ command: process.execPath, detached: true, windowsHide: true, shell: false })
})
