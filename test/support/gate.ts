/** A way to a server that is shut: who connects waits, with nothing lost, until the test opens it. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { waitUntil } from './wait-until.ts'

export interface Gate {
  readonly url: string
  /** Resolves when somebody stands before it. */
  reached(): Promise<void>
  /** For all who wait, and all who come. */
  open(): void
}

export async function startGate(behind: { readonly port: number }): Promise<Gate> {
  const sockets = new Set<Socket>()
  const waiting: Socket[] = []
  let isOpen = false
  let arrivals = 0
  const own = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
  }
  const pass = (socket: Socket): void => {
    const onward = connect(behind.port, '127.0.0.1')
    own(onward)
    socket.pipe(onward).pipe(socket)
  }
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    arrivals += 1
    own(socket)
    if (isOpen) pass(socket)
    else waiting.push(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    reached: async () => {
      await waitUntil('somebody stands before the gate', () => arrivals > 0)
    },
    open() {
      isOpen = true
      for (const socket of waiting.splice(0)) pass(socket)
    },
  }
}
