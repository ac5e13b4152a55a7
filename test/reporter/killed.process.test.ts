import { readFileSync } from 'node:fs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { REPORTER_LIMITS } from '../../src/reporter/limits.ts'
import { readJournal } from '../../src/spool/journal.ts'
import { ageLock, anHourLater, endBackoff, isThere, reporterProcesses, runCommand } from '../support/acme.ts'
import { type FakePostHog, startFakePostHog } from '../support/fake-posthog.ts'
import { type Home, makeHome } from '../support/home.ts'
import { waitUntil } from '../support/wait-until.ts'

const KILLS = 50
const LANES = 5

async function fakePostHog(): Promise<FakePostHog> {
  const posthog = await startFakePostHog()
  onTestFinished(() => posthog.close())
  return posthog
}

/** SIGKILL to every process of the reporter. */
function killReporters(home: Home): void {
  for (const { pid } of reporterProcesses(home)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // ended by itself
    }
  }
}

describe('a reporter killed at any moment', () => {
  it(`loses no event and makes none of another: ${KILLS} kills`, async () => {
    const moments = { start: 0, request: 0, answered: 0 }
    const lane = async (offset: number): Promise<void> => {
      const home = makeHome()
      const posthog = await fakePostHog()
      let made = 0
      for (let kill = offset; kill < KILLS; kill += LANES) {
        const answers = posthog.requests.length
        // A third during the start, a third while the answer is on its way, a third right after it.
        const when = (['start', 'request', 'answered'] as const)[kill % 3] ?? 'start'
        const delayMs = Math.random() * 100
        posthog.respond({ delayMs: when === 'request' ? 200 : 0 })
        await runCommand(home, posthog.url)
        made += 1
        if (when !== 'start') await posthog.waitFor(({ requests }) => requests.length > answers)
        await new Promise((resolve) => setTimeout(resolve, when === 'answered' ? delayMs / 20 : delayMs))
        await waitUntil('a reporter lives or has ended', () => reporterProcesses(home).length > 0 || !lockOf(home))
        killReporters(home)
        await home.quiet()
        moments[when] += 1
        anHourLater(home)
      }
      posthog.respond(undefined)
      await runCommand(home, posthog.url)
      made += 1
      await waitUntil('everything is accepted', () => posthog.acceptedByUuid.size === made)
      await home.quiet()
      expect(home.pending()).toEqual([])
      expect(home.inFlight()).toEqual([])
      const journal = readJournal(home.layout.journal)
      expect(readFileSync(home.layout.journal, 'utf8').trim().split('\n')).toHaveLength(journal.length)
      expect(new Set(journal.map(({ uuid }) => uuid))).toEqual(new Set(posthog.acceptedByUuid.keys()))
      // Sent again under the same uuid is the same event, down to its time and its person.
      for (const event of posthog.acceptedEvents) {
        const first = posthog.acceptedByUuid.get(event.uuid)?.event
        expect({ ...event, request: 0 }).toEqual({ ...first, request: 0 })
      }
    }
    await Promise.all(Array.from({ length: LANES }, (_, offset) => lane(offset)))
    console.log(`killed: ${JSON.stringify(moments)}`)
  })

  it('leaves a lock behind which commands only record, until it is stale', async () => {
    const home = makeHome()
    const posthog = await fakePostHog()
    posthog.respond('hang')
    await runCommand(home, posthog.url)
    await posthog.waitFor(({ requests }) => requests.length === 1)
    killReporters(home)
    await home.quiet()
    posthog.respond(undefined)
    endBackoff(home)
    expect(isThere(home.layout.reporterLock)).toBe(true)
    for (let command = 0; command < 3; command++) await runCommand(home, posthog.url)
    expect(home.pending()).toHaveLength(4)
    expect(reporterProcesses(home)).toEqual([])
    expect(posthog.requests).toHaveLength(1)
    ageLock(home, REPORTER_LIMITS.lockStaleMs + 1)
    await runCommand(home, posthog.url)
    await posthog.waitFor(({ acceptedByUuid }) => acceptedByUuid.size === 5)
    await home.quiet()
    expect(home.pending()).toEqual([])
  })
})

const lockOf = (home: Home): boolean => isThere(home.layout.reporterLock)
