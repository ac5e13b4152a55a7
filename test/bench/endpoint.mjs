/** The server of one contender, on loopback: answers at once, late, never, or with a status; or is not there. Counts what arrives. */
import { createServer } from 'node:http'
import { setTimeout as after } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { openBlackHole } from './black-hole.mjs'

const SLOW_MS = 300

export async function startEndpoint() {
  let mode = 'fast'
  let arrivals = []
  let port = 0
  let server = null
  let hole = null
  const answer = (request, response) => {
    const chunks = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('error', () => {}) // a sender that is killed
    request.on('end', async () => {
      if (mode === 'slow') await after(SLOW_MS)
      if (mode === 'silent') return
      if (typeof mode === 'number') {
        response.writeHead(mode).end('{}')
        return
      }
      const atNs = process.hrtime.bigint()
      for (const id of eventIds(Buffer.concat(chunks), request.headers['content-encoding'])) arrivals.push({ id, atNs })
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":1}')
    })
  }
  const open = async () => {
    server = createServer(answer)
    await new Promise((resolve, reject) => server.on('error', reject).listen(port, '127.0.0.1', resolve))
    port = server.address().port
  }
  const close = async () => {
    const [opened, closing] = [hole, server]
    hole = server = null
    await opened?.close()
    closing?.closeAllConnections()
    await new Promise((resolve) => (closing === null ? resolve() : closing.close(resolve)))
  }
  await open()
  return {
    url: `http://127.0.0.1:${port}`,
    /** 'fast', 'slow', 'silent' (takes a request and never answers), 'black hole' (no connection comes about), 'down', or a status. Open connections are cut: nothing of before is answered later. */
    async become(next) {
      if (next === mode) return
      await close()
      mode = next
      if (mode === 'black hole') hole = await openBlackHole(port)
      else if (mode !== 'down') await open()
    },
    /** What arrived since the last call: each event's id, and process.hrtime of its arrival. */
    take() {
      const taken = arrivals
      arrivals = []
      return taken
    },
    close,
  }
}

/** Of PostHog's and Segment's batches; anything else is one event. Events without an id count as different. */
function eventIds(body, encoding) {
  try {
    const value = JSON.parse((encoding === 'gzip' ? gunzipSync(body) : body).toString())
    return (Array.isArray(value.batch) ? value.batch : [value]).map((event) => event.uuid ?? Symbol('event'))
  } catch {
    return [Symbol('event')]
  }
}
