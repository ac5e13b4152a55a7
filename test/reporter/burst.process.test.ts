import { describe, expect, it } from 'vitest'
import { REPORTER_LIMITS } from '../../src/reporter/limits.ts'
import { endBackoff, runCommand, runCommands, startCensus } from '../support/acme.ts'
import { type FakePostHog, startFakePostHog } from '../support/fake-posthog.ts'
import { makeHome } from '../support/home.ts'
import { waitUntil } from '../support/wait-until.ts'

const COMMANDS = 200
const AT_A_TIME = 16

async function withPostHog<T>(use: (posthog: FakePostHog) => Promise<T>): Promise<T> {
  const posthog = await startFakePostHog()
  try {
    return await use(posthog)
  } finally {
    await posthog.close()
  }
}

const countsOf = (posthog: FakePostHog): readonly number[] =>
  [...posthog.acceptedByUuid.values()].map(({ count }) => count)

describe('200 commands, 16 at a time', () => {
  it('are all accepted, none twice, by at most two reporters, without a further command', async () => {
    const home = makeHome()
    await withPostHog(async (posthog) => {
      const census = startCensus(home)
      const startedAt = Date.now()
      await runCommands(COMMANDS, AT_A_TIME, () => runCommand(home, posthog.url))
      const burstMs = Date.now() - startedAt
      await posthog.waitFor(({ acceptedByUuid }) => acceptedByUuid.size === COMMANDS, { timeoutMs: 15_000 })
      await home.quiet()
      const reporters = census.stop()
      console.log(
        `burst: ${Math.round(burstMs)} ms, ${reporters.length} reporters, ${posthog.requests.length} requests`,
      )
      expect(countsOf(posthog)).toEqual(Array(COMMANDS).fill(1))
      expect(home.pending()).toEqual([])
      expect(home.inFlight()).toEqual([])
      // A machine that needs longer than a reporter may linger needs another one.
      expect(reporters.length).toBeLessThanOrEqual(2 + Math.floor(burstMs / REPORTER_LIMITS.lingerUntilMs))
    })
  })

  it('with the endpoint down are all accepted by the first command after it is up, none twice', async () => {
    const home = makeHome()
    await withPostHog(async (posthog) => {
      posthog.respond('reset')
      const census = startCensus(home)
      await runCommands(COMMANDS, AT_A_TIME, () => runCommand(home, posthog.url))
      await home.quiet()
      console.log(`down: ${census.stop().length} reporters, ${posthog.requests.length} requests`)
      expect(home.pending()).toHaveLength(COMMANDS)
      expect(posthog.acceptedByUuid.size).toBe(0)
      posthog.respond(undefined)
      endBackoff(home)
      await runCommand(home, posthog.url)
      await posthog.waitFor(({ acceptedByUuid }) => acceptedByUuid.size === COMMANDS + 1, { timeoutMs: 15_000 })
      await home.quiet()
      expect(countsOf(posthog)).toEqual(Array(COMMANDS + 1).fill(1))
      expect(home.pending()).toEqual([])
      expect(home.files()).not.toContain('telemetry/backoff.json')
    })
  })
})

describe('a command that ends while the reporter looks for the last time', () => {
  it('is accepted without a further command', async () => {
    const home = makeHome()
    await withPostHog(async (posthog) => {
      let made = 0
      for (let round = 0; round < 3; round++) {
        await runCommand(home, posthog.url)
        made += 1
        await posthog.waitFor(({ acceptedByUuid }) => acceptedByUuid.size === made)
        // The reporter lingers for a second from here; these end all around its unlocking.
        const last = Array.from({ length: 10 }, async (_, index) => {
          await new Promise((resolve) => setTimeout(resolve, 700 + 60 * index))
          await runCommand(home, posthog.url)
        })
        await Promise.all(last)
        made += last.length
        await waitUntil('everything is accepted', () => posthog.acceptedByUuid.size === made)
        await home.quiet()
      }
      expect(countsOf(posthog)).toEqual(Array(made).fill(1))
      expect(home.pending()).toEqual([])
    })
  })
})
