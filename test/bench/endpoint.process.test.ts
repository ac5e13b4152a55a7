/** The other side of every bench: an endpoint that did not ail as it says would let a budget be met by mistake. */
import { request } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Endpoint, startEndpoint } from './endpoint.mjs'

/** For what is not to come; what is to come has as long as the test. */
const PATIENCE_MS = 1000

describe.skipIf(process.platform === 'win32')('startEndpoint()', () => {
  let endpoint: Endpoint
  beforeEach(async () => {
    endpoint = await startEndpoint()
  })
  afterEach(() => endpoint.close())

  it.each([
    ['fast', 200, 1],
    ['slow', 200, 1],
    [503, 503, 0],
    ['down', 'ECONNREFUSED', 0],
    ['silent', 'connected, no answer', 0],
    ['black hole', 'no connection', 0],
  ] as const)('%s: %s, and %i arrives', async (mode, answer, arrivals) => {
    await endpoint.become(mode)
    const patience = mode === 'silent' || mode === 'black hole' ? AbortSignal.timeout(PATIENCE_MS) : undefined
    expect(await post(patience)).toBe(answer)
    expect(endpoint.take()).toHaveLength(arrivals)
  })

  it('is itself again after each of them, at the same address', async () => {
    for (const mode of ['black hole', 'down', 'silent', 'black hole'] as const) {
      await endpoint.become(mode)
      await endpoint.become('fast')
      expect(await post()).toBe(200)
    }
    expect(endpoint.take().map(({ id }) => id)).toEqual(['one', 'one', 'one', 'one'])
  })

  function post(patience?: AbortSignal): Promise<number | string> {
    return new Promise((resolve) => {
      let connected = false
      const options = { method: 'POST', agent: false, ...(patience && { signal: patience }) }
      const asked = request(endpoint.url, options, (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      })
      asked.on('socket', (socket) => socket.on('connect', () => (connected = true)))
      asked.on('error', (error: NodeJS.ErrnoException) => {
        const gaveUp = connected ? 'connected, no answer' : 'no connection'
        resolve(patience?.aborted === true ? gaveUp : (error.code ?? error.message))
      })
      asked.end(JSON.stringify({ batch: [{ uuid: 'one' }] }))
    })
  }
})
