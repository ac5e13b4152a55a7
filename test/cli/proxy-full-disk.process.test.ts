/** `afterword proxy` on a disk that has no room for what it has to say. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { exchangeBytes } from '../support/exchange-bytes.ts'
import { FakeBrowser } from '../support/fake-browser.ts'
import { startFakePostHog } from '../support/fake-posthog.ts'
import { makeHome } from '../support/home.ts'
import { RawCdpClient } from '../support/raw-cdp-client.ts'
import { start } from '../support/run.ts'
import { waitUntil } from '../support/wait-until.ts'
import { BIN } from './program.ts'

const NO_MOUNT: string | null =
  spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', '-o', 'size=8k', 'none', '/mnt']).status === 0
    ? null
    : 'no right to mount'

test.skipIf(NO_MOUNT !== null).for(['when its user is known', 'before its user was ever named'])(
  `41: a disk that is full %s changes no byte and no order, and what could not be kept is counted${NO_MOUNT === null ? '' : ` (${NO_MOUNT})`}`,
  async (when) => {
    const home = makeHome()
    const posthog = await startFakePostHog()
    onTestFinished(() => posthog.close())
    const browser = await FakeBrowser.start()
    onTestFinished(() => browser.die())
    browser.onData = () => {}
    // A disk of 256 KiB for the proxy alone, which nobody but it and /proc can see.
    mkdirSync(home.layout.directory)
    const mount = `mount -t tmpfs -o size=256k none '${home.layout.directory}' && exec "$@"`
    const words = `proxy --app acme --listen 127.0.0.1:0 --json --upstream ${new URL(browser.url).host} --host ${posthog.url} --api-key phc_full`
    const proxy = start('unshare', ['-m', 'sh', '-c', mount, 'sh', process.execPath, BIN, ...words.split(' ')], {
      cwd: home.path,
      env: home.env(),
    })
    let stderr = ''
    proxy.child.stderr?.on('data', (text: string) => (stderr += text))
    const url = await waitUntil('it listens', () => /Proxy on (\S+),/.exec(stderr)?.[1])
    await waitUntil('it knows the browser', async () => (await fetch(`${url}/json/version`)).status === 200)
    if (when === 'when its user is known') {
      const earlier = await RawCdpClient.open(Number(new URL(url).port))
      earlier.socket.destroy()
      await posthog.waitFor(({ acceptedEvents }) => acceptedEvents.length === 2)
      await home.quiet()
    }
    const kept = posthog.acceptedEvents.length
    fill(`/proc/${proxy.pid}/root${home.layout.directory}`)

    const client = await RawCdpClient.open(Number(new URL(url).port))
    const session = await waitUntil('the browser has it', () => browser.sessions.at(-1))
    const bytes = await exchangeBytes(client, browser, session)
    client.socket.end()
    await proxy.said(`"bytes_up":${bytes}`)
    proxy.child.kill('SIGTERM')
    const { code, stdout } = await proxy.finished
    expect(code).toBe(0)
    expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({
      event: 'cdp_disconnect',
      properties: { bytes_up: bytes, bytes_down: bytes, telemetry_dropped: 1 },
    })
    expect(posthog.acceptedEvents).toHaveLength(kept)
  },
)

/** To the last byte. */
function fill(folder: string): void {
  for (let bytes = 64 * 1024, index = 0; bytes > 0; index++) {
    try {
      writeFileSync(`${folder}/filler-${index}`, Buffer.alloc(bytes))
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC')
      bytes = Math.floor(bytes / 16)
    }
  }
}
