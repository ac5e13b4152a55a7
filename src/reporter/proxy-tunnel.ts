/**
 * The way to a server: straight, or through the proxy that the environment names. One keep-alive agent per way, made on first
 * use; `node:https` is required only for a way that needs it, since a first TLS context costs 17 to 25 ms on Node 20.
 *
 * Variables as curl and undici read them: `https_proxy`, `http_proxy`, `all_proxy`, `no_proxy`, each in lower case before upper.
 * An http target goes through a proxy in absolute form, an https target through `CONNECT`. A proxy we cannot speak to (SOCKS) is
 * an error, never a reason to go straight: who set it may not want that. `NODE_EXTRA_CA_CERTS` is Node's own affair.
 */
import http from 'node:http'
import type https from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

export type Environment = { readonly [name: string]: string | undefined }

export interface Connections {
  /** A request that is still to be ended. Throws an error with a `code` if there is no way. */
  request(method: 'GET' | 'POST' | 'OPTIONS', target: URL, headers: http.OutgoingHttpHeaders): http.ClientRequest
  /** Destroys every socket, idle, busy or still being connected. A later request starts afresh. */
  close(): void
}

/** The proxy for `target`, `null` to go straight. Throws a coded error for one that we cannot use. */
export function resolveProxy(target: URL, env: Environment): URL | null {
  const read = (name: string): string => (env[name] || env[name.toUpperCase()] || '').trim()
  const value = read(target.protocol === 'https:' ? 'https_proxy' : 'http_proxy') || read('all_proxy')
  if (value === '' || isExempt(target, read('no_proxy'))) return null
  const text = value.includes('://') ? value : `http://${value}`
  const proxy = URL.canParse(text) ? new URL(text) : null
  if (proxy?.protocol === 'http:' || proxy?.protocol === 'https:') return proxy
  throw coded(proxy === null ? 'PROXY_UNREADABLE' : 'PROXY_UNSUPPORTED')
}

export function openConnections(env: Environment): Connections {
  let agents = new Map<string, http.Agent>()
  const connecting = new Set<{ destroy(): unknown }>()

  const agentFor = (way: string, make: () => http.Agent): http.Agent => {
    const agent = agents.get(way) ?? make()
    agents.set(way, agent)
    return agent
  }

  const plainAgent = (url: URL): http.Agent =>
    agentFor(url.protocol, () => new (moduleFor(url).Agent)({ keepAlive: true }))

  const tunnelAgent = (proxy: URL): http.Agent =>
    agentFor(`tunnel ${proxy.href}`, () => {
      const agent = new (httpsModule().Agent)({ keepAlive: true })
      const secure = agent.createConnection.bind(agent) as (options: object) => Duplex
      return Object.assign(agent, {
        createConnection(
          options: { host: string; port: number },
          done: (error: Error | null, socket?: Duplex) => void,
        ) {
          connectThrough(proxy, options, connecting, (error, socket) => {
            if (error !== null) done(error)
            else done(null, secure({ ...options, socket }))
          })
        },
      })
    })

  return {
    request(method, target, headers) {
      if (target.protocol !== 'http:' && target.protocol !== 'https:') throw coded('ERR_INVALID_PROTOCOL')
      const proxy = resolveProxy(target, env)
      const { request } = moduleFor(target)
      if (proxy === null) return request(target, { method, headers, agent: plainAgent(target) })
      if (target.protocol === 'https:') return request(target, { method, headers, agent: tunnelAgent(proxy) })
      return moduleFor(proxy).request({
        ...endpoint(proxy),
        method,
        path: withoutCredentials(target),
        headers: { ...headers, host: target.host, ...authorization(proxy) },
        agent: plainAgent(proxy),
      })
    },
    close() {
      for (const agent of agents.values()) agent.destroy()
      for (const request of connecting) request.destroy()
      agents = new Map()
      connecting.clear()
    },
  }
}

/** CONNECT. Calls `done` once; the socket is then a plain tunnel to `target`. */
function connectThrough(
  proxy: URL,
  target: { readonly host: string; readonly port: number },
  connecting: Set<{ destroy(): unknown }>,
  done: (error: Error | null, socket?: Socket) => void,
): void {
  const host = target.host.includes(':') ? `[${target.host}]` : target.host
  const authority = `${host}:${target.port}`
  const request = moduleFor(proxy).request({
    ...endpoint(proxy),
    method: 'CONNECT',
    path: authority,
    headers: { host: authority, ...authorization(proxy) },
    agent: false,
  })
  connecting.add(request)
  request.on('close', () => connecting.delete(request))
  request.on('error', (error) => done(error))
  request.on('connect', (response, socket) => {
    connecting.delete(request)
    if (response.statusCode === 200) return done(null, socket)
    socket.destroy()
    done(coded(`PROXY_${response.statusCode}`))
  })
  request.end()
}

/** `no_proxy`: `*`, or names that cover their subdomains, with or without a leading dot or `*.`, each with an optional port. */
function isExempt(target: URL, noProxy: string): boolean {
  const host = bareHost(target)
  const port = target.port || (target.protocol === 'https:' ? '443' : '80')
  return noProxy
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => {
      if (entry === '*') return true
      const [, bracketed, name, entryPort] = /^(?:\[(.+)\]|([^:]*|.*:.*:.*?))(?::(\d+))?$/.exec(entry) ?? []
      const domain = (bracketed ?? name ?? '').replace(/^\*?\./, '').replace(/\.$/, '')
      if (domain === '' || (entryPort !== undefined && entryPort !== port)) return false
      return host === domain || host.endsWith(`.${domain}`)
    })
}

function bareHost(url: URL): string {
  return url.hostname
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
}

function endpoint(proxy: URL): { readonly host: string; readonly port: number } {
  return { host: bareHost(proxy), port: Number(proxy.port || (proxy.protocol === 'https:' ? 443 : 80)) }
}

function authorization(proxy: URL): http.OutgoingHttpHeaders {
  if (proxy.username === '' && proxy.password === '') return {}
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`
  return { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` }
}

function withoutCredentials(url: URL): string {
  return `${url.origin}${url.pathname}${url.search}`
}

function moduleFor(url: URL): typeof http | typeof https {
  return url.protocol === 'https:' ? httpsModule() : http
}

function httpsModule(): typeof https {
  return process.getBuiltinModule('node:https')
}

function coded(code: string): Error {
  return Object.assign(new Error(`no way to the server: ${code}`), { code })
}
