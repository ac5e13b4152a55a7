/** A real Chromium that says nothing, and one that is only busy: with the probe and without. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type CdpClient, dialCdp, openPage } from '../support/chromium-client.ts'
import { proxyOf } from '../support/cdp-proxy.ts'
import { makeFolder, NO_CHROMIUM, shareChromium, signalGroup } from '../support/chromium.ts'
import { cleanEnvironment } from '../support/environment.ts'
import { startForwarder } from '../support/forwarder.ts'
import { program, start } from '../support/run.ts'
import { waitUntil } from '../support/wait-until.ts'

const PROBE = { intervalMs: 100, timeoutMs: 800, misses: 3 }

/** A network of the test's own, whose packets it may drop; and why there is none. */
const NO_NETWORK: string | null =
  spawnSync('unshare', ['-n', 'sh', '-c', 'ip link set lo up && iptables -A INPUT -p tcp --sport 9 -j DROP']).status ===
  0
    ? null
    : 'no network namespace with ip and iptables here: sh test/chromium/setup.sh, as root'

/** What Browser.getVersion says through it. */
const answers = (client: CdpClient): Promise<unknown> => client.call('Browser.getVersion')

describe.skipIf(NO_CHROMIUM !== null)(`with Chromium${NO_CHROMIUM === null ? '' : ` (${NO_CHROMIUM})`}`, () => {
  const shared = shareChromium()
  const goOn = (): void => signalGroup(shared().child.pid ?? 0, 'SIGCONT')
  const stop = (): void => {
    onTestFinished(goOn)
    signalGroup(shared().child.pid ?? 0, 'SIGSTOP')
  }

  test('28: a stopped browser (SIGSTOP) ends nothing by default; with the probe upstream_unresponsive after the misses', async () => {
    const upstream = `127.0.0.1:${shared().port}`
    const probing = await proxyOf({ upstream, liveness: PROBE })
    const plain = await proxyOf({ upstream })
    const [probed, waiting] = [await dialCdp(probing.ws), await dialCdp(plain.ws)]
    for (const client of [probed, waiting]) await answers(client)
    const stoppedAt = performance.now()
    stop()
    const asked = answers(waiting)
    expect(await probing.ended()).toMatchObject({
      reason: 'upstream_unresponsive',
      closed_by: 'proxy',
      how: 'probe_timeout',
    })
    // Three questions that were given their time each.
    expect(performance.now() - stoppedAt).toBeGreaterThan(PROBE.misses * PROBE.timeoutMs)
    expect(await probed.ended).toBe(1011)
    goOn()
    expect(await asked).toHaveProperty('result.product')
    expect(plain.events.map(({ event }) => event)).toEqual(['cdp_connect'])
  })

  test('28: a stopped browser that goes on before the last miss keeps its session', async () => {
    const way = await startForwarder(shared())
    const profile = makeFolder()
    const { pathname } = new URL((await shared().version()).webSocketDebuggerUrl)
    writeFileSync(`${profile}/DevToolsActivePort`, `${way.port}\n${pathname}`)
    // Whoever comes through the forwarder from now on is the session or its probe: a file that stays as it is asks nothing.
    const { ws, events } = await proxyOf({ profile, liveness: PROBE })
    const client = await dialCdp(ws)
    await answers(client)
    const questions = async (more: number): Promise<void> => {
      const before = way.arrivals
      await waitUntil('it has asked so often', () => way.arrivals >= before + more)
    }
    stop()
    const asked = answers(client)
    // The third question follows two of which the first, at least, was missed.
    await questions(3)
    goOn()
    expect(await asked).toHaveProperty('result.product')
    await questions(PROBE.misses + 1)
    expect(await answers(client)).toHaveProperty('result.product')
    expect(events.map(({ event }) => event)).toEqual(['cdp_connect'])
  })

  test.skipIf(NO_NETWORK !== null)(
    `28, P5: dropped packets end nothing by default; with the probe upstream_unresponsive; a new address ends it at once, with 1012${NO_NETWORK === null ? '' : ` (${NO_NETWORK})`}`,
    async () => {
      const folder = makeFolder()
      const { child, finished } = start('unshare', ['-n', process.execPath, program('own-network.mjs'), folder], {
        env: cleanEnvironment(folder),
        open: true,
      })
      onTestFinished(async () => {
        child.stdin?.end()
        await finished
      })
      const said: { readonly [fact: string]: unknown }[] = []
      if (child.stdout) createInterface(child.stdout).on('line', (line) => said.push(JSON.parse(line)))
      const when = (fact: string) => waitUntil(fact, () => said.find((each) => fact in each)?.[fact])

      const port = Number(await when('port'))
      for (const side of ['--sport', '--dport']) {
        const drop = ['iptables', '-A', 'INPUT', '-p', 'tcp', side, String(port), '-j', 'DROP']
        expect(spawnSync('nsenter', ['-t', String(child.pid), '-n', ...drop]).status).toBe(0)
      }
      expect(await when('probed')).toMatchObject({ reason: 'upstream_unresponsive', how: 'probe_timeout' })
      expect(said.some((fact) => 'unprobed' in fact)).toBe(false)
      child.stdin?.write('another browser\n')
      expect(await when('unprobed')).toMatchObject({
        reason: 'upstream_changed',
        closed_by: 'proxy',
        how: 'url_change',
      })
      expect(await when('told')).toBe(1012)
    },
  )

  test('29: a page that loops for 3 s, an answer of 60 MB that is under way and read slowly: no missing answer', async () => {
    const way = await startForwarder(shared())
    const { ws, events } = await proxyOf({ upstream: `127.0.0.1:${way.port}`, liveness: PROBE })
    const client = await dialCdp(ws)
    const [looping, page] = [
      await dialCdp((await openPage(client, ws)).ws),
      await dialCdp((await openPage(client, ws)).ws),
    ]
    const loop = 'const end = Date.now() + 3000; while (Date.now() < end); 7'
    const looped = looping.call('Runtime.evaluate', { expression: loop })
    const answer = page.call('Runtime.evaluate', { expression: "'x'.repeat(60e6)" })
    await new Promise((resolve) => page.socket.once('data', resolve))
    page.socket.pause()
    const before = way.arrivals
    await waitUntil('questions were asked meanwhile', () => way.arrivals >= before + 2 * PROBE.misses)
    page.socket.resume()
    expect(((await answer) as { result: { result: { value: string } } }).result.result.value).toHaveLength(60e6)
    expect(await looped).toHaveProperty('result.result.value', 7)
    expect(events.map(({ event }) => event)).toEqual(['cdp_connect', 'cdp_connect', 'cdp_connect'])
  })
})
