/** The contenders of the proxy's benches: a browser that echoes, and hops to it, each a process of its own. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { fileURLToPath } from 'node:url'

const PROGRAMS = fileURLToPath(new URL('../programs/proxy-bench', import.meta.url))

/** Why there is no C splice to compare with, or null. */
export const NO_SOCAT = spawnSync('socat', ['-V']).status === 0 ? null : 'no socat on PATH: apt-get install socat'

/** Those that nobody has stopped yet. */
const running = new Set()
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL'))) // somebody interrupts us

export function startBrowser() {
  return startProgram(['browser.mjs'])
}

/** `kind`: direct, socat, net, ws or afterword. `port` is the browser's. */
export async function startHop(kind, port) {
  if (kind === 'direct') return { port, pid: 0, stop() {} }
  if (kind === 'socat') return startSocat(port)
  return startProgram(['hop.mjs', kind, String(port)])
}

/** CPU in milliseconds: of the process and of those that it has started and not yet waited for (socat has one for each connection). */
export function cpuMs(pid) {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)
  return [pid, ...children].reduce((total, each) => {
    const fields = readFileSync(`/proc/${each}/schedstat`, 'utf8').split(' ')
    return total + Number(fields[0]) / 1e6
  }, 0)
}

/** Peak of the resident memory, in MB. */
export function peakMb(pid) {
  return memoryMb(pid, 'VmHWM')
}

/** Resident memory now, in MB. */
export function residentMb(pid) {
  return memoryMb(pid, 'VmRSS')
}

function memoryMb(pid, field) {
  const [, kib] = new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return (Number(kib) * 1_024) / 1e6
}

async function startProgram([program, ...words]) {
  const child = spawn(process.execPath, [`${PROGRAMS}/${program}`, ...words], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`starting ${program} ${words.join(' ')}: it ended with ${code}, wants a port`)
  })
  running.add(child)
  const [line] = await Promise.race([once(child.stdout, 'data'), ended])
  ended.catch(() => {}) // from now on it ends because it is stopped
  return { port: Number(line), pid: child.pid, stop: () => stop(child, 'SIGKILL') }
}

async function startSocat(to) {
  const port = await freePort()
  const listen = `TCP-LISTEN:${port},bind=127.0.0.1,fork,reuseaddr,nodelay`
  const child = spawn('socat', [listen, `TCP:127.0.0.1:${to},nodelay`], { stdio: 'ignore' })
  running.add(child)
  while (!(await answers(port))) await new Promise((resolve) => setTimeout(resolve, 10))
  return { port, pid: child.pid, stop: () => stop(child, 'SIGTERM') }
}

function stop(child, signal) {
  running.delete(child)
  child.kill(signal)
}

function answers(port) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })
}

async function freePort() {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}
