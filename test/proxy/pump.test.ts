import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { CdpWorld } from '../support/cdp-world.ts'
import { encode, FakeBrowser } from '../support/fake-browser.ts'
import { waitUntil } from '../support/wait-until.ts'

const MIB = 2 ** 20

test('startPump() 37: a client that does not read: the browser is held back, nothing is kept, nobody is dropped, all arrives', async () => {
  const world = await CdpWorld.start()
  world.browser.onData = () => {}
  const client = await world.client()
  client.keep = false
  await waitUntil('the session is there', () => world.browser.sessions.length === 1)
  client.socket.pause()
  const { session } = world.browser
  const message = FakeBrowser.frame(Buffer.alloc(MIB, 'x'))
  const before = process.memoryUsage().arrayBuffers
  let sent = 0
  const write = (): void => {
    while (sent < 1_024 && session.write(message)) sent++
    if (sent < 1_024) session.once('drain', () => (sent++, write()))
  }
  write()
  let stuck = -1
  await waitUntil('the browser is held back', () => stuck === (stuck = sent) && sent < 1_024, { everyMs: 200 })
  expect(sent).toBeLessThan(64)
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * MIB)
  expect(world.disconnects).toEqual([])
  client.socket.resume()
  await waitUntil('1 GiB has come', () => client.down.messages === 1_024, { timeoutMs: 50_000 })
  await world.stop()
})

test('startPump() to a browser that reads in fits an upload arrives as it was sent: no buffer is given back before it has left', async () => {
  const world = await CdpWorld.start()
  const got = createHash('sha256')
  let bytes = 0
  world.browser.onData = (socket, chunk) => {
    world.browser.received.length = 0
    got.update(chunk)
    bytes += chunk.length
    socket.pause()
    setImmediate(() => socket.resume())
  }
  const client = await world.client()
  const message = Buffer.alloc(300_000)
  const sent = createHash('sha256')
  let sentBytes = 0
  for (let index = 0; index < 200; index++) {
    message.fill(index)
    const frame = encode(message, 1, true, undefined)
    sent.update(frame)
    sentBytes += frame.length
    if (!client.socket.write(frame)) await new Promise((resolve) => client.socket.once('drain', resolve))
  }
  await waitUntil('all has come', () => bytes === sentBytes, { timeoutMs: 50_000 })
  world.browser.onData = () => {}
  expect(got.digest('hex')).toBe(sent.digest('hex'))
  await world.stop()
})

test('startPump() changes no byte and no order, both ways at once', async () => {
  const world = await CdpWorld.start()
  const up = createHash('sha256')
  world.browser.onData = (_, chunk) => up.update(chunk)
  const client = await world.client()
  await waitUntil('the session is there', () => world.browser.sessions.length === 1)
  const [sentUp, sentDown, gotDown] = [createHash('sha256'), createHash('sha256'), createHash('sha256')]
  client.socket.prependListener('data', (chunk: Buffer) => gotDown.update(chunk))
  const bytes = { up: 0, down: 0 }
  for (let index = 0; index < 400; index++) {
    // Fragments, pings and sizes about the limits of a header.
    const payload = Buffer.alloc([0, 1, 125, 126, 65_535, 65_536, 300_000][index % 7] ?? 0, index)
    const frame = FakeBrowser.frame(
      payload.subarray(0, index % 5 === 0 ? 100 : undefined),
      index % 5 === 0 ? 9 : 1,
      index % 3 > 0,
    )
    world.browser.session.write(frame)
    client.socket.write(frame)
    sentUp.update(frame)
    sentDown.update(frame)
    bytes.up += frame.length
    bytes.down += frame.length
  }
  await waitUntil(
    'all has come',
    () =>
      client.down.bytes === bytes.down &&
      world.browser.received.reduce((sum, { length }) => sum + length, 0) === bytes.up,
  )
  expect(gotDown.digest('hex')).toBe(sentDown.digest('hex'))
  expect(up.digest('hex')).toBe(sentUp.digest('hex'))
  client.socket.end()
  expect(await world.disconnected()).toMatchObject({ bytes_up: bytes.up, bytes_down: bytes.down })
  await world.stop()
})
