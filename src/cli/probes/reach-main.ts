/**
 * The child that goes to the servers, started by reach.ts in the reporter's environment and killed when its time is up: a name
 * look-up on a dead resolver holds a Node process for up to a minute, whatever it does (docs/evidence.md, Node). Hosts come on
 * stdin as JSON, steps go to stdout as JSON lines. It sends no event. If it dies, the steps it did not tell count as not answered.
 */
import dns from 'node:dns'
import { readFileSync, writeSync } from 'node:fs'
import net from 'node:net'
import tls from 'node:tls'
import { openConnections, resolveProxy } from '../../reporter/proxy-tunnel.ts'
import { PROBE_REQUEST, REACH_LIMITS, type Step, type StepName } from './reach-step.ts'

type Outcome = Omit<Step, 'host' | 'step' | 'ms'>

const end = performance.now() + REACH_LIMITS.allMs
setTimeout(leave, REACH_LIMITS.killMs) // should the parent be gone
const hosts = JSON.parse(readFileSync(0, 'utf8')) as readonly string[]
void Promise.all(hosts.map(reach)).finally(leave)

/** Nothing that hangs may hold us. */
function leave(): void {
  process.kill(process.pid, 'SIGKILL')
}

async function reach(host: string): Promise<void> {
  const url = new URL(`${host}${PROBE_REQUEST.path}`)
  const proxy = wayThrough(url)
  const next = proxy ?? url
  const name = next.hostname.replace(/^\[|\]$/g, '')
  const port = Number(next.port || (next.protocol === 'https:' ? 443 : 80))
  let addresses: readonly dns.LookupAddress[] = []
  let socket: net.Socket | undefined

  const steps: readonly (readonly [StepName, (settle: (outcome: Outcome) => void) => void])[] = [
    ['dns', (settle) => lookUp(name, (found) => (addresses = found), settle)],
    [
      'tcp',
      (settle) => {
        socket = net.connect({
          host: name,
          port,
          autoSelectFamily: true,
          lookup: (_, __, done) => done(null, [...addresses]),
        })
        socket.on('connect', () => settle({ kind: 'done', detail: `${socket?.remoteAddress ?? name} port ${port}` }))
        socket.on('error', (error) => settle(failed(error)))
      },
    ],
    [
      'tls',
      (settle) => {
        if (url.protocol === 'http:') return settle({ kind: 'skipped', detail: 'not asked for: http' })
        if (proxy !== null) return settle({ kind: 'skipped', detail: 'inside the tunnel: see http' })
        const servername = net.isIP(name) === 0 ? { servername: name } : {}
        const secure = tls.connect({ socket, host: name, ...servername })
        secure.on('secureConnect', () => settle({ kind: 'done', detail: secure.getProtocol() ?? 'TLS' }))
        secure.on('error', (error) => settle(failed(error)))
      },
    ],
    ['http', (settle) => ask(url, settle)],
  ]
  for (const [step, take] of steps) {
    const outcome = await timed(host, step, take)
    if (outcome.kind === 'failed' || outcome.kind === 'timeout') break
  }
  socket?.destroy()
}

function wayThrough(url: URL): URL | null {
  try {
    return resolveProxy(url, process.env)
  } catch {
    return null // unusable: the request says so
  }
}

async function timed(
  host: string,
  step: StepName,
  take: (settle: (outcome: Outcome) => void) => void,
): Promise<Outcome> {
  const startedAt = performance.now()
  const outcome = await new Promise<Outcome>((resolve) => {
    const limitMs = Math.max(0, Math.min(REACH_LIMITS.stepMs, end - startedAt))
    setTimeout(() => resolve({ kind: 'timeout', detail: `no answer in ${(limitMs / 1000).toFixed(1)} s` }), limitMs)
    try {
      take(resolve)
    } catch (error) {
      resolve(failed(error))
    }
  })
  const ms = Math.round(performance.now() - startedAt)
  writeSync(1, `${JSON.stringify({ host, step, ms, ...outcome } satisfies Step)}\n`)
  return outcome
}

function lookUp(name: string, keep: (found: dns.LookupAddress[]) => void, settle: (outcome: Outcome) => void): void {
  dns.lookup(name, { all: true }, (error, found) => {
    if (error !== null) return settle(failed(error))
    keep(found)
    const more = found.length > 2 ? ` and ${found.length - 2} more` : ''
    const first = found.slice(0, 2).map(({ address }) => address)
    settle({ kind: 'done', detail: net.isIP(name) === 0 ? `${first.join(', ')}${more}` : 'an address already' })
  })
}

/** By the reporter's own way: its proxies, its tunnel, no redirect followed. */
function ask(url: URL, settle: (outcome: Outcome) => void): void {
  const request = openConnections(process.env).request(PROBE_REQUEST.method, url, { 'content-length': 0 })
  request.on('error', (error) => settle(failed(error)))
  request.on('response', ({ statusCode = 0, headers }) => {
    const isHtml = /\bhtml\b/i.test(headers['content-type'] ?? '')
    const location = headers.location === undefined ? null : (headers.location.split(/[?#]/)[0] ?? '')
    settle({ kind: 'done', detail: '', answer: { status: statusCode, isHtml, location } })
  })
  request.end()
}

function failed(error: unknown): Outcome {
  const { code, message } = error as { readonly code?: string; readonly message?: string }
  return { kind: 'failed', detail: code ?? message ?? 'unknown' }
}
