/** The built reporter closes nothing at its end: an idle connection that the server keeps must not hold the process. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import net, { type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { REPORTER_FILE, reporterVariables } from '../support/acme.ts'
import { enqueueMany, prepareSpool } from '../support/envelopes.ts'
import { type Home, makeHome } from '../support/home.ts'
import { runNode } from '../support/run.ts'

const PATIENT = { keepAliveTimeout: 0 }

it.each(['http', 'https', 'https through a proxy'])('a reporter over %s ends by itself', async (way) => {
  const home = makeHome()
  prepareSpool(home.layout)
  enqueueMany(home.layout, 1)
  const server =
    way === 'http' ? http.createServer(PATIENT, accept) : https.createServer({ ...PATIENT, ...makeKey(home) }, accept)
  const port = await listen(server)
  const env = {
    ...reporterVariables(home, `${way === 'http' ? 'http' : 'https'}://localhost:${port}`),
    AFTERWORD_BOX: 'outside',
    NODE_EXTRA_CA_CERTS: join(home.path, 'cert.pem'),
    ...(way.endsWith('proxy') ? { https_proxy: `http://127.0.0.1:${await listen(tunnel())}` } : {}),
  }
  // Held, it would be killed by its own box after ten seconds.
  expect(await runNode([REPORTER_FILE], { env: home.env(env) })).toMatchObject({ code: 0, signal: null })
  expect(home.pending()).toEqual([])
})

function accept(request: http.IncomingMessage, response: http.ServerResponse): void {
  request.resume().on('end', () => response.end('{"status":"Ok"}'))
}

function tunnel(): http.Server {
  return http.createServer().on('connect', (request, client) => {
    const [host, port] = (request.url ?? '').split(':')
    const upstream = net.connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n')
      upstream.pipe(client).pipe(upstream)
    })
    upstream.on('error', () => client.destroy())
    client.on('error', () => upstream.destroy())
  })
}

function makeKey(home: Home): { readonly key: Buffer; readonly cert: Buffer } {
  const [key, cert] = [join(home.path, 'key.pem'), join(home.path, 'cert.pem')]
  const how = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1']
  const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  execFileSync('openssl', [...how, ...name, '-keyout', key, '-out', cert], { stdio: 'ignore' })
  return { key: readFileSync(key), cert: readFileSync(cert) }
}

async function listen(server: net.Server): Promise<number> {
  const sockets = new Set<net.Socket>()
  server.on('connection', (socket: net.Socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}
