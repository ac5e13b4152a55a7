/** A way to a server that can be cut: every connection through it dies, the server itself lives, and new ones come through. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export interface Forwarder {
  readonly port: number
  /** How many connections have come so far. */
  readonly arrivals: number
  cut(how: 'fin' | 'reset'): void
}

export async function startForwarder(behind: { readonly port: number }): Promise<Forwarder> {
  const pairs = new Set<readonly [Socket, Socket]>()
  let arrivals = 0
  const server = createServer((near) => {
    arrivals += 1
    const far = connect(behind.port, '127.0.0.1')
    const pair = [near, far] as const
    pairs.add(pair)
    for (const [one, other] of [pair, [far, near] as const]) {
      one.pipe(other)
      one.on('error', () => other.destroy())
      one.on('close', () => pairs.delete(pair))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    for (const pair of pairs) for (const socket of pair) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return {
    port: (server.address() as AddressInfo).port,
    get arrivals() {
      return arrivals
    },
    cut(how) {
      for (const [near, far] of pairs) {
        far.destroy()
        if (how === 'fin') near.end()
        else near.resetAndDestroy()
      }
    },
  }
}
