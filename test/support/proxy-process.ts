/** test/programs/cdp-proxy.mjs: a proxy whose event loop the test can stall, and what it says. */
import { fork } from 'node:child_process'
import type { Readable } from 'node:stream'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'
import type { CdpProxyOptions } from '../../src/proxy/cdp-proxy.ts'
import { program } from './run.ts'
import { waitUntil } from './wait-until.ts'

export interface ProxyProcess {
  readonly port: number
  /** Resolves when its loop stands still, for so many milliseconds from then on. */
  stall(ms: number): Promise<void>
  /** How often it has stood still so far. */
  readonly stalls: number
  /** The properties of every `cdp_disconnect` so far. */
  readonly disconnects: readonly Readonly<Record<string, unknown>>[]
}

interface Said {
  readonly url?: string
  readonly stalled?: true
  readonly event?: string
  readonly properties?: Readonly<Record<string, unknown>>
}

/** `blockMs`: its sink blocks so long at its first event. */
export async function startProxyProcess(options: CdpProxyOptions, blockMs?: number): Promise<ProxyProcess> {
  const words = [JSON.stringify(options), ...(blockMs === undefined ? [] : [String(blockMs)])]
  const child = fork(program('cdp-proxy.mjs'), words, { stdio: ['ignore', 'inherit', 'inherit', 'pipe', 'ipc'] })
  const gone = new Promise((resolve) => child.once('exit', resolve))
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await gone
  })
  const disconnects: Readonly<Record<string, unknown>>[] = []
  let url: string | undefined
  let stalls = 0
  createInterface(child.stdio[3] as Readable).on('line', (line) => {
    const said = JSON.parse(line) as Said
    url ??= said.url
    if (said.stalled) stalls += 1
    if (said.event === 'cdp_disconnect' && said.properties) disconnects.push(said.properties)
  })
  const listening = await waitUntil('the proxy knows the browser', () => url)
  return {
    port: Number(new URL(listening).port),
    get stalls() {
      return stalls
    },
    disconnects,
    stall: async (ms) => {
      const before = stalls
      child.send({ stallMs: ms })
      await waitUntil('its loop stands still', () => stalls > before, { everyMs: 1 })
    },
  }
}
