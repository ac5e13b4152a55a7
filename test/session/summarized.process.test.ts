import fs from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { consentMark } from '../../src/consent/consent-mark.ts'
import { uuid7 } from '../../src/events/uuid7.ts'
import { readSmallFile } from '../../src/files/read-small-file.ts'
import { sessionsLayout } from '../../src/session/session-layout.ts'
import { parseSessionRecord } from '../../src/session/session-record.ts'
import { BIN } from '../cli/program.ts'
import { type Account, makeAccount } from '../support/account.ts'
import { REPORTER_FILE, reporterVariables } from '../support/acme.ts'
import { enqueueMany } from '../support/envelopes.ts'
import { startFakePostHog } from '../support/fake-posthog.ts'
import { type Home, makeHome } from '../support/home.ts'
import { program, runNode, start } from '../support/run.ts'
import { waitUntil } from '../support/wait-until.ts'

/** A session of `who` whose tracer was killed. */
async function killedSession(home: Home, host: string, who: string): Promise<string> {
  const sessionId = uuid7(Date.now())
  const attribution = {
    app: 'acme',
    api_key: 'phc_test',
    host,
    delivery: 'detached',
    distinct_id: who,
    is_anon: false,
    consent_mark: consentMark([home.layout.consent]),
  }
  const args = [program('session-owner.mjs'), home.layout.sessions, sessionId, JSON.stringify(attribution)]
  const owner = start(process.execPath, args, { env: home.env() })
  await owner.said('ready null')
  owner.child.kill('SIGKILL')
  await owner.finished
  return sessionId
}

function report(home: Home, host: string, file = REPORTER_FILE) {
  return runNode([file], { env: home.env({ ...reporterVariables(home, host), AFTERWORD_BOX: 'outside' }) })
}

test('a reporter speaks for a killed session once, as whom it began, without command line and paths', async () => {
  const home = makeHome()
  const fake = await startFakePostHog()
  onTestFinished(() => fake.close())
  const { url } = fake
  const id = await killedSession(home, url, 'alice')
  // She has signed out since.
  fs.writeFileSync(home.layout.usage, '{"anon_id":"7d0f5f1e-9e33-4a3c-8e5e-1c7fb5b7a6a1","linked_principal_id":null}\n')
  await report(home, url)
  await report(home, url)
  expect(fake.acceptedEvents.map(({ uuid, event, distinct_id }) => [uuid, event, distinct_id])).toEqual([
    [id, 'CLI session summarized', 'alice'],
  ])
  const properties = fake.acceptedEvents[0]?.properties
  expect(properties).toMatchObject({ recovered: true, subtype: 'crashed', tracked_comm: 'node', exit_code: -1 })
  expect(JSON.stringify(properties)).not.toMatch(/session-owner|\/tmp|\.acme/)
})

test.each([
  ['is missing', null],
  ["is another version's", 'exports.somethingElse = () => {}'],
  ['is torn', 'exports.recoverSessions = ('],
])('a reporter whose file for sessions %s sends what waits all the same (R39)', async (_, text) => {
  const home = makeHome()
  const fake = await startFakePostHog()
  onTestFinished(() => fake.close())
  const id = await killedSession(home, fake.url, 'alice')
  const [waiting] = enqueueMany(home.layout, 1)
  const dist = `${home.path}/package/dist`
  fs.cpSync(new URL('../../dist', import.meta.url).pathname, dist, { recursive: true })
  if (text === null) fs.rmSync(`${dist}/session/recovery.cjs`)
  else fs.writeFileSync(`${dist}/session/recovery.cjs`, text)
  await report(home, fake.url, `${dist}/reporter/main.cjs`)
  expect(fake.acceptedEvents.map(({ uuid }) => uuid)).toEqual([waiting?.uuid])
  await report(home, fake.url)
  expect(fake.acceptedEvents.map(({ uuid }) => uuid)).toEqual([waiting?.uuid, id])
})

test.each([
  ['off', ['off'], 'live'],
  ['off and on again', ['off', 'on'], 'done'],
] as const)('after %s nothing of a session leaves, and it stays on disk', async (_, choices, folder) => {
  const home = makeHome()
  const fake = await startFakePostHog()
  onTestFinished(() => fake.close())
  const { url } = fake
  const id = await killedSession(home, url, 'alice')
  for (const tracking of choices) {
    fs.writeFileSync(`${home.layout.consent}.new`, JSON.stringify({ tracking }))
    fs.renameSync(`${home.layout.consent}.new`, home.layout.consent)
  }
  await report(home, url)
  expect([fake.events, home.pending()]).toEqual([[], []])
  expect(fs.existsSync(`${home.layout.sessions}/${folder}/${id}`)).toBe(true)
})

/** `afterword trace` for acme, killed while its workload runs; the workload too. */
async function killedTrace({ home, posthog }: Account): Promise<string> {
  const where = ['--app', 'acme', '--host', posthog.url, '--api-key', 'phc_test']
  const tracer = start(process.execPath, [BIN, 'trace', '--no-pty', ...where, '--', 'sleep', '60'], { env: home.env() })
  const { live } = sessionsLayout(home.layout.sessions)
  const { session_id, pid } = await waitUntil('the workload is enrolled', () => {
    const [id] = fs.existsSync(live) ? fs.readdirSync(live) : []
    const file = readSmallFile(`${live}/${id}/session.json`)
    const parsed = file.kind === 'text' ? parseSessionRecord(file.text) : null
    return parsed?.kind === 'record' && parsed.record.pid !== null ? { ...parsed.record, pid: parsed.record.pid } : null
  })
  tracer.child.kill('SIGKILL')
  process.kill(pid, 'SIGKILL')
  await tracer.finished
  expect(fs.readdirSync(live), 'nobody has spoken for it yet').toEqual([session_id])
  return session_id
}

async function bookedTo(account: Account, events: number, sessionId: string): Promise<unknown> {
  await waitUntil('it is accepted', () => account.posthog.acceptedByUuid.has(sessionId))
  const session = (await account.events(events)).find(({ uuid }) => uuid === sessionId)
  expect(session?.event).toBe('CLI session summarized')
  expect(session?.properties).toMatchObject({ recovered: true, termination_reason: 'crashed', tracked_comm: 'sleep' })
  return session?.distinct_id
}

test('a session that began before a login stays whose it was, though it is spoken for after it', async () => {
  const account = await makeAccount()
  await account.other('return', { NAME: 'before' })
  await account.events(1)
  await account.home.quiet()
  const { anon_id } = account.identity()
  const id = await killedTrace(account)
  await account.login('key-alice')
  expect(account.identity().linked_principal_id).toBe('user-alice')
  // The command before, the login and its alias, the session.
  expect(await bookedTo(account, 4, id)).toBe(anon_id)
})

test('a session of somebody signed in stays theirs after a logout and the login of another', async () => {
  const account = await makeAccount()
  await account.login('key-alice')
  await account.events(2)
  await account.home.quiet()
  const { anon_id } = account.identity()
  const id = await killedTrace(account)
  await account.logout()
  await account.login('key-bob')
  expect(account.identity().linked_principal_id).toBe('user-bob')
  expect(account.identity().anon_id).not.toBe(anon_id)
  expect(await bookedTo(account, 6, id)).toBe('user-alice')
})
