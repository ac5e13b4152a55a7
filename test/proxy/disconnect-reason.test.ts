import { getEventListeners } from 'node:events'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { resolveDisconnectReason } from '../../src/proxy/disconnect-reason.ts'
import { Upstream } from '../../src/proxy/upstream.ts'
import { TIMED } from '../support/timed.ts'

const OLD = 'ws://127.0.0.1:1/devtools/browser/old'
const NEW = 'ws://127.0.0.1:1/devtools/browser/new'
const WAIT_MS = 10

interface Row {
  readonly cause: 'client' | 'upstream' | 'context'
  readonly aborted?: 'before' | 'meanwhile'
  readonly address?: 'new' | 'soon' | 'empty'
  readonly reason: string
}

const rows: readonly Row[] = [
  { cause: 'client', reason: 'client_close' },
  { cause: 'client', address: 'new', reason: 'client_close' },
  { cause: 'client', aborted: 'before', reason: 'context_cancelled' },
  { cause: 'context', reason: 'context_cancelled' },
  { cause: 'context', address: 'new', reason: 'context_cancelled' },
  { cause: 'context', aborted: 'before', reason: 'context_cancelled' },
  { cause: 'upstream', aborted: 'before', reason: 'context_cancelled' },
  { cause: 'upstream', aborted: 'before', address: 'new', reason: 'context_cancelled' },
  { cause: 'upstream', address: 'new', reason: 'upstream_changed' },
  { cause: 'upstream', address: 'soon', reason: 'upstream_changed' },
  { cause: 'upstream', address: 'empty', reason: 'upstream_error' },
  { cause: 'upstream', reason: 'upstream_error' },
  { cause: 'upstream', aborted: 'meanwhile', reason: 'upstream_error' },
]

test('resolveDisconnectReason() the table, all of it in less than 100 ms', TIMED, async () => {
  const beginMs = performance.now()
  for (const { cause, aborted, address, reason } of rows) {
    const upstream = new Upstream()
    const stopping = new AbortController()
    upstream.set(address === 'new' ? NEW : OLD)
    if (aborted === 'before') stopping.abort()
    const resolved = resolveDisconnectReason(
      cause,
      stopping.signal,
      upstream,
      OLD,
      aborted === 'meanwhile' ? 60_000 : WAIT_MS,
    )
    if (address === 'soon') upstream.set(NEW)
    if (address === 'empty') upstream.set('')
    if (aborted === 'meanwhile') stopping.abort()
    expect([cause, aborted, address, await resolved]).toEqual([cause, aborted, address, reason])
    expect([upstream.subscribers, getEventListeners(stopping.signal, 'abort')]).toEqual([0, []])
  }
  expect(performance.now() - beginMs).toBeLessThan(100)
})

test('resolveDisconnectReason() P6: an end and a new address in either order, any turns apart: upstream_changed', async () => {
  const turns = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await (i % 2 ? Promise.resolve() : new Promise(setImmediate))
  }
  await fc.assert(
    fc.asyncProperty(fc.nat(6), fc.nat(6), fc.nat(2), async (endTurn, newsTurn, repeats) => {
      const upstream = new Upstream()
      upstream.set(OLD)
      const end = turns(endTurn).then(() =>
        resolveDisconnectReason('upstream', new AbortController().signal, upstream, OLD, 60_000),
      )
      await turns(newsTurn)
      for (let i = 0; i <= repeats; i++) upstream.set(`${NEW}${i}`)
      expect(await end).toBe('upstream_changed')
      expect(upstream.subscribers).toBe(0)
    }),
    { numRuns: 1_000 },
  )
})
