/** What a user of Playwright sees: 20 MB out of a page, direct and through the proxy, in turns. Needs a Chromium. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { startHop } from './hops.mjs'
import { median, shuffled, spreadOf } from './measure.mjs'

const ROUNDS = 9
const BYTES = 20e6
const FLAGS =
  '--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --remote-debugging-port=0'

export async function benchPage(report) {
  const what = "20 MB through Playwright's page.evaluate, of the direct way"
  if (spawnSync('chromium', ['--version']).status !== 0) return report.skip(what, 'no chromium on PATH')
  const folder = mkdtempSync(join(tmpdir(), 'afterword-bench-chromium-'))
  const chromium = spawn('chromium', [...FLAGS.split(' '), `--user-data-dir=${folder}`], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const end = () => {
    kill(chromium)
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
  }
  process.on('exit', end) // somebody interrupts us
  let hop
  try {
    const port = await devToolsPort(chromium)
    hop = await startHop('afterword', port)
    report.progress(`proxy: ${ROUNDS} times 20 MB out of a page, two ways`)
    const direct = await evaluator(port)
    const proxied = await evaluator(hop.port)
    const ways = { direct, proxied }
    const seen = []
    for (let round = 0; round <= ROUNDS; round++) {
      const times = {}
      for (const way of shuffled(['direct', 'proxied'])) times[way] = await ways[way].evaluateMs()
      if (round > 0) seen.push(times)
    }
    const ratios = seen.map((each) => each.proxied / each.direct)
    const of = (way) => median(seen.map((each) => each[way])).toFixed(0)
    report.row({
      what,
      budget: '≤ 1 ×',
      limit: 1,
      ...spreadOf(ratios),
      unit: ' ×',
      note: `${of('proxied')} ms against ${of('direct')} ms: nothing is deflated`,
    })
    await direct.close()
    await proxied.close()
  } finally {
    hop?.stop()
    await stop(chromium)
    end()
    process.off('exit', end)
  }
}

async function evaluator(port) {
  const { chromium } = await import('playwright-core')
  const browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`)
  const page = await browser.contexts()[0].newPage()
  return {
    async evaluateMs() {
      const begin = performance.now()
      const { length } = await page.evaluate((bytes) => 'x'.repeat(bytes), BYTES)
      if (length !== BYTES) throw new Error(`evaluating in a page: got ${length} characters, wants ${BYTES}`)
      return performance.now() - begin
    },
    close: () => browser.close(),
  }
}

async function devToolsPort(chromium) {
  for await (const line of createInterface({ input: chromium.stderr })) {
    const port = /^DevTools listening on ws:\/\/127\.0\.0\.1:(\d+)\//.exec(line)?.[1]
    if (port === undefined) continue
    chromium.stderr.resume()
    return Number(port)
  }
  throw new Error('starting Chromium: it ended, wants a line with its port')
}

const runs = ({ exitCode, signalCode }) => exitCode === null && signalCode === null

function kill(chromium) {
  if (runs(chromium)) process.kill(-chromium.pid, 'SIGKILL')
}

async function stop(chromium) {
  if (!runs(chromium)) return
  const gone = once(chromium, 'exit')
  kill(chromium)
  await gone
}
