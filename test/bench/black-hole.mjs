/** An address that swallows: a listener that never accepts, its queue full, so that the kernel drops whoever knocks. As behind a dead route. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setImmediate as turn, setTimeout as after } from 'node:timers/promises'

const LISTENER = `require('node:net').createServer().listen({ port: Number(process.argv[1]), host: '127.0.0.1', backlog: 1 }, () => {
  process.stdout.write('listening')
})`
const MOST_QUEUED = 16
const KNOCK_MS = 200

/** `{ close }`, which resolves when the port is free. Linux and macOS: a stopped process holds the listener. */
export async function openBlackHole(port) {
  const holder = spawn(process.execPath, ['-e', LISTENER, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = once(holder, 'exit')
  const isUp = await Promise.race([once(holder.stdout, 'data').then(() => true), gone.then(() => false)])
  if (!isUp) throw new Error(`making a black hole: nobody could listen on port ${port}`)
  holder.kill('SIGSTOP')
  const kill = () => holder.kill('SIGKILL')
  process.on('exit', kill) // somebody interrupts us
  const queued = []
  const close = async () => {
    process.off('exit', kill)
    kill()
    for (const socket of queued) socket.destroy()
    await gone
  }
  for (;;) {
    const socket = connect(port, '127.0.0.1').on('error', () => {}) // the end of the holder
    queued.push(socket)
    const connected = await Promise.race([once(socket, 'connect').then(() => true), timeout(KNOCK_MS)])
    if (!connected) return { close }
    if (queued.length > MOST_QUEUED) {
      await close()
      throw new Error(`making a black hole: ${queued.length} connections came about, wants a full queue`)
    }
  }
}

/** False after `ms` and a look at the sockets: on loopback a connection comes about at once, but we may be late to hear of it. */
const timeout = async (ms) => {
  await after(ms)
  await turn()
  await turn()
  return false
}
