/** What may not happen to bytes: a change, a loss, another order. */
import type { Socket } from 'node:net'
import { expect } from 'vitest'
import { FakeBrowser } from './fake-browser.ts'
import type { RawCdpClient } from './raw-cdp-client.ts'
import { waitUntil } from './wait-until.ts'

/** Sends frames of all sizes both ways at once; resolves with how many bytes went each way, when they have come as they were sent. */
export async function exchangeBytes(
  client: RawCdpClient,
  browser: FakeBrowser,
  session: Socket,
  timeoutMs = 20_000,
): Promise<number> {
  const sent: Buffer[] = []
  for (let index = 0; index < 200; index++) {
    const frame = FakeBrowser.frame(Buffer.alloc(index * 97, index))
    session.write(frame)
    client.socket.write(frame)
    sent.push(frame)
  }
  const all = Buffer.concat(sent)
  const upBytes = (): number => browser.received.reduce((sum, { length }) => sum + length, 0)
  await waitUntil('all has come', () => client.down.bytes >= all.length && upBytes() >= all.length, { timeoutMs })
  expect(Buffer.concat(client.chunks).equals(all)).toBe(true)
  expect(Buffer.concat(browser.received).equals(all)).toBe(true)
  return all.length
}
