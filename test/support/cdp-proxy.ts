/** A proxy of the test, and what it said about each session. */
import { onTestFinished } from 'vitest'
import type { SinkEvent } from '../../src/events/event-sink.ts'
import { type CdpProxy, type CdpProxyOptions, startCdpProxy } from '../../src/proxy/cdp-proxy.ts'
import { waitUntil } from './wait-until.ts'

export interface ProxyUnderTest {
  readonly proxy: CdpProxy
  /** For a client of the browser itself. */
  readonly ws: string
  readonly events: readonly SinkEvent[]
  /** The properties of the `n`th `cdp_disconnect`, as soon as it is there. */
  readonly ended: (n?: number) => Promise<Record<string, unknown>>
}

export async function proxyOf(options: CdpProxyOptions): Promise<ProxyUnderTest> {
  const events: SinkEvent[] = []
  const proxy = await startCdpProxy({
    restartConfirmWaitMs: 500,
    sink: (event) => void events.push(event),
    ...options,
  })
  onTestFinished(() => proxy.stop())
  await waitUntil('the browser is known', () => proxy.upstreamUrl)
  return {
    proxy,
    ws: `${proxy.url.replace('http', 'ws')}/devtools/browser`,
    events,
    ended: async (n = 0) => {
      const event = await waitUntil(
        'the session is over',
        () => events.filter(({ event }) => event === 'cdp_disconnect')[n],
      )
      return event.properties
    },
  }
}
