/** A browser that dies and its successor's address, in any order and on real sockets; and an end of our own that nobody asked for. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { connectBrowser } from '../../src/proxy/browser-link.ts'
import { type PumpEnd, type PumpExitCause } from '../../src/proxy/pump-end.ts'
import { startPump } from '../../src/proxy/pump.ts'
import { Upstream } from '../../src/proxy/upstream.ts'
import { reachVerdict } from '../../src/proxy/verdict.ts'
import { CdpWorld } from '../support/cdp-world.ts'
import { waitUntil } from '../support/wait-until.ts'

interface Restart {
  /** Turns of the event loop, real time for the sockets, until the browser is dead and until its successor's address is announced. */
  readonly deathTurn: number
  readonly newsTurn: number
  readonly reset: boolean
  /** Another answers at the dead one's port, as it does after most restarts; else nobody does until the address has come. */
  readonly samePort: boolean
  readonly traffic: boolean
}

const restart: fc.Arbitrary<Restart> = fc.record({
  deathTurn: fc.nat(12),
  newsTurn: fc.nat(12),
  reset: fc.boolean(),
  samePort: fc.boolean(),
  traffic: fc.boolean(),
})

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate)
}

/** One interleaving after the other; resolves with the manners in which their sessions ended. */
async function interleave(numRuns: number): Promise<ReadonlySet<string>> {
  const world = await CdpWorld.start({ restartConfirmWaitMs: 60_000 })
  const { browser } = world
  const seen = new Set<string>()
  let run = 0
  await fc.assert(
    fc.asyncProperty(restart, async ({ deathTurn, newsTurn, reset, samePort, traffic }) => {
      const client = await world.client()
      await client.roundTrip()
      const told = world.disconnects.length
      if (traffic) client.send('up')
      run += 1
      const death = async (): Promise<void> => {
        await turns(deathTurn)
        browser.id = `successor-${run}`
        await browser.die({ reset })
        if (samePort) await browser.listen()
      }
      const news = async (): Promise<void> => {
        await turns(newsTurn)
        world.upstream.set(`${browser.url}?${run}`)
      }
      await Promise.all([death(), news()])
      const ended = await world.disconnected(told + 1)
      expect(ended.reason).toBe('upstream_changed')
      seen.add(ended.how)
      if (!samePort) await browser.listen()
      world.upstream.set(browser.url)
    }),
    { numRuns },
  )
  // P22: none of them was cancelled, as nobody has stopped.
  expect(world.disconnects.filter(({ reason }) => reason === 'context_cancelled')).toEqual([])
  expect(world.disconnects).toHaveLength(world.connects.length)
  await world.stop()
  return seen
}

test('P6, P22: a death and a new address, 1,000 random interleavings on real sockets: always upstream_changed, never cancelled', async () => {
  const seen = await Promise.all(Array.from({ length: 5 }, () => interleave(200)))
  // Both orders were met: the address first (our own act), and the death first.
  for (const manners of seen) expect([...manners].sort()).toEqual(['fin', 'reset', 'url_change'])
})

test('P22: a pump that is ended by us with no abort in sight is context_cancelled, once, and needs no window', async () => {
  const world = await CdpWorld.start()
  const client = await world.client()
  await client.roundTrip()
  const link = connectBrowser('127.0.0.1', Number(new URL(world.browser.url).port))
  const ends: { readonly cause: PumpExitCause; readonly end: PumpEnd }[] = []
  const pump = startPump({
    client: client.socket,
    clientHead: Buffer.alloc(0),
    link,
    linkHead: Buffer.alloc(0),
    farewell: () => Promise.resolve({ code: 1001, reason: 'proxy shutting down' }),
    lingerMs: 100,
    onClose: (cause, _, end) => ends.push({ cause, end }),
  })
  for (let again = 0; again < 3; again++) pump.end('shutdown')
  await pump.closed
  expect(ends).toMatchObject([{ cause: 'context', end: { closedBy: 'proxy', how: 'shutdown' } }])
  const upstream = new Upstream()
  upstream.set(world.browser.url)
  const request = { upstream, dialedUrl: world.browser.url, restartConfirmWaitMs: 600_000 }
  for (const { end } of ends)
    expect(await reachVerdict({ ...request, end, signal: new AbortController().signal })).toEqual({
      reason: 'context_cancelled',
      confirmed: true,
    })
  await waitUntil('nobody listens any more', () => upstream.subscribers === 0)
  await world.stop()
})
