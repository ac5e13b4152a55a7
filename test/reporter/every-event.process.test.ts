import { expect, it, onTestFinished } from 'vitest'
import { CATALOGUE, type EventName } from '../../src/events/catalogue.ts'
import { runReporter } from '../support/acme.ts'
import { ANON_ID, enqueueMany, prepareSpool } from '../support/envelopes.ts'
import { startFakePostHog } from '../support/fake-posthog.ts'
import { makeHome } from '../support/home.ts'

const EVENTS = Object.keys(CATALOGUE) as EventName[]

// The built file is without the half of posthog-node that it never enters (rolldown.config.mjs, UNENTERED).
it('the built reporter sends every event of the catalogue, linked or not, in one request', async () => {
  const home = makeHome()
  prepareSpool(home.layout)
  const posthog = await startFakePostHog()
  onTestFinished(() => posthog.close())
  const waiting = enqueueMany(home.layout, 4 * EVENTS.length, (index) => {
    const event = EVENTS[index % EVENTS.length] ?? 'CLI execution failed'
    const isAnon = index < 2 * EVENTS.length
    const properties =
      event === '$create_alias'
        ? { distinct_id: 'someone', alias: ANON_ID }
        : event === '$exception'
          ? { $exception_list: [{ type: 'Error', value: 'no such file', mechanism: { handled: true } }] }
          : {}
    return { event, is_anon: isAnon, distinct_id: isAnon ? ANON_ID : 'someone', properties }
  })
  expect(await runReporter(home, posthog.url)).toMatchObject({ code: 0, stdout: '', stderr: '' })
  expect(new Set(posthog.acceptedByUuid.keys())).toEqual(new Set(waiting.map(({ uuid }) => uuid)))
  expect(posthog.requests.map(({ headers }) => headers['content-encoding'])).toEqual(['gzip'])
  expect(home.pending()).toEqual([])
})
