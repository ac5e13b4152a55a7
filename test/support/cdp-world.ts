/** A proxy without a door: every upgrade is served, over one fake browser. */
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { serveCdpSession, SESSION_DEFAULTS } from '../../src/proxy/cdp-session.ts'
import type { SessionSettings } from '../../src/proxy/cdp-session.ts'
import { OpenSessions } from '../../src/proxy/open-sessions.ts'
import type { CdpConnect, CdpDisconnect } from '../../src/proxy/proxy-events.ts'
import { Upstream } from '../../src/proxy/upstream.ts'
import { RawCdpClient } from './raw-cdp-client.ts'
import { FakeBrowser } from './fake-browser.ts'
import { waitUntil } from './wait-until.ts'

export class CdpWorld {
  readonly upstream: Upstream = new Upstream()
  readonly connects: CdpConnect[] = []
  readonly disconnects: CdpDisconnect[] = []
  readonly sessions: OpenSessions = new OpenSessions()
  readonly stopping: AbortController = new AbortController()
  port = 0
  onConnect: (facts: CdpConnect) => void = () => {}
  readonly browser: FakeBrowser
  readonly #server: Server

  private constructor(browser: FakeBrowser, settings: Partial<SessionSettings>) {
    this.browser = browser
    this.#server = createServer()
    this.#server.on('upgrade', (request, socket: Socket, head) => {
      this.sessions.add(
        serveCdpSession(request, socket, head, {
          upstream: this.upstream,
          settings: { ...SESSION_DEFAULTS, ...settings },
          onConnect: (facts) => {
            this.connects.push(facts)
            this.onConnect(facts)
          },
          onDisconnect: (facts) => void this.disconnects.push(facts),
          signal: this.stopping.signal,
        }),
      )
    })
  }

  static async start(settings: Partial<SessionSettings> = {}): Promise<CdpWorld> {
    const world = new CdpWorld(await FakeBrowser.start(), settings)
    await new Promise<void>((resolve) => world.#server.listen(0, '127.0.0.1', resolve))
    world.port = (world.#server.address() as AddressInfo).port
    world.upstream.set(world.browser.url)
    return world
  }

  async client(path?: string, headers?: Readonly<Record<string, string>>): Promise<RawCdpClient> {
    return RawCdpClient.open(this.port, path, headers)
  }

  async disconnected(count = 1): Promise<CdpDisconnect> {
    await waitUntil('the end of a session was told', () => this.disconnects.length >= count)
    const last = this.disconnects[count - 1]
    if (!last) throw new Error('unreachable')
    return last
  }

  async stop(): Promise<void> {
    this.stopping.abort()
    await this.sessions.drained(5_000)
    this.#server.closeAllConnections()
    this.#server.close()
    await this.browser.die()
  }
}
