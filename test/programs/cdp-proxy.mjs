/**
 * A proxy in a process of its own, forked: `cdp-proxy.mjs OPTIONS [BLOCK_MS]`, the options as JSON. Says `{ url }` when it knows the browser, and
 * each event. Told `{ stallMs }`, it says `{ stalled: true }` and then does nothing at all for so long. With BLOCK_MS its sink does so at its first
 * event. Ends with its parent.
 */
import { writeSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { startCdpProxy } from '../../dist/proxy/cdp-proxy.js'

const [options, blockMs] = process.argv.slice(2)
const nothing = new Int32Array(new SharedArrayBuffer(4))
/** Through a pipe of its own and not through process.send(), whose bytes leave when the loop turns. */
const say = (fact) => writeSync(3, `${JSON.stringify(fact)}\n`)

function stall(ms) {
  say({ stalled: true })
  Atomics.wait(nothing, 0, 0, ms)
}

let blocks = blockMs !== undefined
const proxy = await startCdpProxy({
  restartConfirmWaitMs: 1,
  ...JSON.parse(options),
  sink: ({ event, properties }) => {
    say({ event, properties })
    if (blocks) stall(Number(blockMs))
    blocks = false
  },
})
while (proxy.upstreamUrl === undefined) await wait(5)
say({ url: proxy.url })
process.on('message', ({ stallMs }) => stall(stallMs))
process.on('disconnect', () => process.exit(0))
