/** The HTTP server around the routes: listening, and leaving without cutting anybody off. */
import http from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { answerRequest } from './answer-request.ts'
import type { Routes } from './answer-request.ts'
import { CollectorError } from './collector-error.ts'
import { sendReply, text } from './reply.ts'

export interface Serving {
  readonly port: number
  /** Closes the port and idle connections at once, waits for begun requests (at most 5 s). Call it once. */
  stop(): Promise<void>
}

const STOP_GRACE_MS = 5_000

/** Rejects with CollectorError `address-unavailable`. */
export async function serve(routes: Routes, host: string, port: number): Promise<Serving> {
  const sockets = new Set<Socket>()
  const begun = new Set<http.ServerResponse>()
  const server = http.createServer({ headersTimeout: 10_000, requestTimeout: 60_000 }, (request, response) => {
    begun.add(response)
    response.on('close', () => begun.delete(response))
    void answerRequest(request, routes)
      .catch((error: unknown) => text(500, `the collector made a mistake: ${String(error)}\n`))
      .then((reply) => reply && sendReply(response, reply))
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      const impatient = setTimeout(() => server.closeAllConnections(), STOP_GRACE_MS)
      server.close(() => {
        clearTimeout(impatient)
        resolve()
      })
      const busy = new Set([...begun].map((response) => response.socket))
      for (const socket of sockets) if (!busy.has(socket)) socket.destroy()
      // Else a kept-alive connection would hold the server open for its idle time after the last answer.
      for (const response of begun) if (!response.headersSent) response.setHeader('connection', 'close')
    })
  return { port: await listen(server, host, port), stop }
}

function listen(server: http.Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'the address is in use' : cause.message
      const message = `listening on ${host}:${port}: ${why}; another can be given as listen: 'HOST:PORT'`
      reject(new CollectorError('address-unavailable', message, { host, port, cause }))
    })
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port))
  })
}
