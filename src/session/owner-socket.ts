/**
 * Who owns a session: a listening unix socket in its directory, held by the tracer. To be connected to is to be alive, also when
 * stopped; after a SIGKILL the kernel refuses at once. It needs no pid, no namespace, no boot id, and works through hidepid.
 */
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import { SOCKET_FILE } from './session-layout.ts'

/** sun_path holds 108 bytes; some systems less (macOS 104). */
const PATH_BYTES_MAX = 100
const ANSWER_MS = 250

export interface OwnerSocket {
  /** Null: `owner.sock` in the session's directory. */
  readonly elsewhere: string | null
  close(): void
}

/** Listens at once: bind and listen are done when this returns. Null: no socket here, the tracer's process has to stand for it. */
export function holdOwnerSocket(directory: string, sessionId: string): OwnerSocket | null {
  if (process.platform === 'win32') return null
  const beside = `${directory}/${SOCKET_FILE}`
  const elsewhere =
    Buffer.byteLength(beside) > PATH_BYTES_MAX
      ? `${process.env['XDG_RUNTIME_DIR'] || os.tmpdir()}/afterword-${sessionId}.sock`
      : null
  const server = net.createServer((connection) => connection.destroy())
  server.on('error', () => undefined) // seen below: no socket file
  server.maxConnections = 16
  server.listen({ path: elsewhere ?? beside, exclusive: true, backlog: 64 })
  server.unref()
  if (!server.listening || fs.lstatSync(elsewhere ?? beside, { throwIfNoEntry: false })?.isSocket() !== true) {
    server.close(() => undefined)
    return null
  }
  return { elsewhere, close: () => void server.close() }
}

export type OwnerAnswer = 'alive' | 'dead' | 'no-socket'

/** Asks a session's socket. What neither answers nor refuses in time counts as alive: never take what may be somebody's. */
export function askOwner(path: string): Promise<OwnerAnswer> {
  if (fs.lstatSync(path, { throwIfNoEntry: false })?.isSocket() !== true) return Promise.resolve('no-socket')
  return new Promise((resolve) => {
    const connection = net.connect({ path })
    const answer = (what: OwnerAnswer): void => {
      clearTimeout(timer)
      connection.destroy()
      resolve(what)
    }
    // A refusal that came while we had no processor is delivered after the timers: one turn more, or the dead count as alive.
    const timer = setTimeout(() => setImmediate(() => answer('alive')), ANSWER_MS)
    connection.on('connect', () => answer('alive'))
    connection.on('error', (error: NodeJS.ErrnoException) => {
      // EAGAIN: so many are in its queue. EACCES, EMFILE and the like say nothing of it.
      answer(error.code === 'ECONNREFUSED' ? 'dead' : error.code === 'ENOENT' ? 'no-socket' : 'alive')
    })
  })
}
