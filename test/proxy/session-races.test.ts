/** A thousand sessions on real sockets, ended at random: who was first, once each, and nothing left. */
import { getEventListeners } from 'node:events'
import { readdirSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RawCdpClient } from '../support/raw-cdp-client.ts'
import { CdpWorld } from '../support/cdp-world.ts'
import { FakeBrowser, resetSocket } from '../support/fake-browser.ts'
import { waitUntil } from '../support/wait-until.ts'

interface Race {
  readonly first: 'client' | 'upstream'
  /** What the client does; the browser's end is a FIN or a reset. */
  readonly goodbye: boolean
  readonly reset: boolean
  /** Unread bytes before the end: they hold it up for a turn of a late loop. */
  readonly dataUp: boolean
  readonly dataDown: boolean
  /** Turns of the event loop between the two ends; 0: both lie there when the proxy looks next. */
  readonly turns: number
}

const race: fc.Arbitrary<Race> = fc.record({
  first: fc.constantFrom('client', 'upstream'),
  goodbye: fc.boolean(),
  reset: fc.boolean(),
  dataUp: fc.boolean(),
  dataDown: fc.boolean(),
  turns: fc.nat(6),
})

test('serveCdpSession() 36: both ends in any order, a late loop, data before: right or ambiguous, never wrong and sure', async () => {
  const world = await CdpWorld.start({ restartConfirmWaitMs: 0 })
  let [sure, ambiguous] = [0, 0]
  await fc.assert(
    fc.asyncProperty(race, async ({ first, goodbye, reset, dataUp, dataDown, turns }) => {
      const client = await world.client()
      await client.roundTrip()
      const browser = world.browser.session
      const told = world.disconnects.length
      const ends = [
        (): void => {
          if (dataUp) client.send('up')
          if (goodbye) client.sayGoodbye()
          client.socket.destroy()
        },
        (): void => {
          if (dataDown) browser.write(FakeBrowser.frame('down'))
          if (reset) browser.resetAndDestroy()
          else browser.destroy()
        },
      ]
      if (first === 'upstream') ends.reverse()
      ends[0]?.()
      for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate)
      ends[1]?.()
      const ended = await world.disconnected(told + 1)
      if (ended.ambiguous) ambiguous++
      else {
        sure++
        expect(ended.closed_by).toBe(first)
      }
    }),
    { numRuns: 1_000 },
  )
  // Else nothing was shown: of most of these the truth has to be known.
  expect(sure).toBeGreaterThan(100)
  expect(ambiguous).toBeGreaterThan(0)
  await world.stop()
})

test('serveCdpSession() P14, P15, P16, P17: 1,000 sessions: one event each, no listener, descriptor or timer left', async () => {
  const world = await CdpWorld.start({
    restartConfirmWaitMs: 0,
    lingerMs: 200,
    liveness: { intervalMs: 60_000, timeoutMs: 1_000, misses: 3 },
  })
  const warmUp = await world.client()
  warmUp.socket.end()
  await world.sessions.drained(5_000)
  await waitUntil('the first has gone', () => world.browser.connections === 0)
  const before = left()
  const acts: readonly ((client: RawCdpClient) => void)[] = [
    (client) => void client.socket.end(),
    (client) => resetSocket(client.socket),
    (client) => client.sayGoodbye(),
    () => void world.browser.session.end(),
    () => resetSocket(world.browser.session),
    () => world.upstream.set(`${world.browser.url}?${world.connects.length}`),
  ]
  for (let round = 0; round < 100; round++) {
    const clients = await Promise.all(Array.from({ length: 10 }, () => world.client()))
    // Pairs of acts in one turn; what they leave open ends by a new address.
    for (const [index, client] of clients.entries()) {
      acts[(round + index) % 6]?.(client)
      acts[(round * 7 + index * 5) % 6]?.(client)
      if (world.browser.sessions.length === 0) break
    }
    world.upstream.set(`${world.browser.url}?round=${round}`)
    await world.sessions.drained(10_000)
    expect(world.sessions.size).toBe(0)
  }
  expect(world.connects).toHaveLength(1_001)
  expect(world.disconnects.map((ended) => ended.connection_id).sort()).toEqual(
    world.connects.map((begun) => begun.connection_id).sort(),
  )
  expect(world.upstream.subscribers).toBe(0)
  expect(getEventListeners(world.stopping.signal, 'abort')).toEqual([])
  await waitUntil('descriptors and timers are as before', () => {
    const now = left()
    return now.descriptors <= before.descriptors && now.timers <= before.timers
  })
  expect(world.browser.connections).toBe(0)
  await world.stop()
})

/** `waitUntil` has no timer while it looks. */
function left(): { readonly descriptors: number; readonly timers: number } {
  return {
    descriptors: readdirSync('/proc/self/fd').length,
    timers: process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length,
  }
}
