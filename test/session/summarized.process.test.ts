import fs from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { consentMark } from '../../src/consent/consent-mark.ts'
import { uuid7 } from '../../src/events/uuid7.ts'
import { REPORTER_FILE, reporterVariables } from '../support/acme.ts'
import { startFakePostHog } from '../support/fake-posthog.ts'
import { type Home, makeHome } from '../support/home.ts'
import { program, runNode, start } from '../support/run.ts'

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

function report(home: Home, host: string) {
  return runNode([REPORTER_FILE], { env: home.env({ ...reporterVariables(home, host), AFTERWORD_BOX: 'outside' }) })
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
