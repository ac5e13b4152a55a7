/** Real Chromium, owned by the test or by its file: its profile is new, its log a file of its own, its processes gone when that is over. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { beforeAll, onTestFinished } from 'vitest'
import { waitUntil } from './wait-until.ts'

/** `it.skipIf(NO_CHROMIUM !== null)`, and the reason. */
export const NO_CHROMIUM: string | null =
  spawnSync('chromium', ['--version']).status === 0 ? null : 'no chromium on PATH: sh test/chromium/setup.sh'

const FLAGS =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync --enable-logging=stderr'

export interface Chromium {
  readonly child: ChildProcess
  readonly port: number
  readonly profile: string
  /** Where its standard error goes. */
  readonly log: string
  readonly version: () => Promise<{ webSocketDebuggerUrl: string }>
  /** Ends the process and its children, and waits until they are gone. */
  kill(signal?: NodeJS.Signals): Promise<void>
}

/** Takes what is to be done when the owner is over: a test (`onTestFinished`), or a file (`afterAll`) whose tests share it. */
export type Owner = (end: () => Promise<void> | void) => void

/** A place for logs, profiles and downloads. */
export function makeFolder(owner: Owner = onTestFinished): string {
  const folder = mkdtempSync(join(process.env['AFTERWORD_TEST_HOME'] ?? '/tmp', 'chromium-'))
  owner(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }))
  return folder
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

export interface ChromiumRequest {
  readonly port: number
  readonly log?: string
  readonly host?: string
  /** Shown there (`:1`). @default nowhere: headless */
  readonly display?: string
  readonly owner?: Owner
}

/** Resolves when it answers at `host:port`. Its standard error is added to `log`. */
export async function startChromium(folder: string, options: ChromiumRequest): Promise<Chromium> {
  const { port, log = join(folder, 'chromium.log'), host = '127.0.0.1', owner = onTestFinished } = options
  const profile = mkdtempSync(join(folder, 'profile-'))
  const output = openSync(log, 'a')
  const args = [...FLAGS.split(' '), `--remote-debugging-port=${port}`, `--user-data-dir=${profile}`]
  const shown = options.display === undefined ? ['--headless'] : []
  const child = spawn('chromium', [...args, ...shown, 'about:blank'], {
    detached: true,
    stdio: ['ignore', 'ignore', output],
    env: { ...process.env, ...(options.display === undefined ? {} : { DISPLAY: options.display }) },
  })
  closeSync(output)
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const kill = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    signalGroup(child.pid ?? 0, signal)
    await gone
    // One that restarted itself is nobody's child, and in a group of its own.
    const copy = holderOf(profile)
    if (copy !== null) signalGroup(groupOf(copy), signal)
    await waitUntil('its copy is gone', () => holderOf(profile) === null)
  }
  owner(() => kill())
  const version = async () => {
    const response = await fetch(`http://${host.includes(':') ? `[${host}]` : host}:${port}/json/version`)
    return (await response.json()) as { webSocketDebuggerUrl: string }
  }
  await waitUntil('Chromium answers', () => version().catch(() => null), { everyMs: 25 })
  return { child, port, profile, log, version, kill }
}

/** One browser for the tests of a `describe`, where it does not matter that it is not a test's own. */
export function shareChromium(): () => Chromium {
  let shared: Chromium | undefined
  beforeAll(async () => {
    const ends: Parameters<Owner>[0][] = []
    const owner: Owner = (end) => void ends.unshift(end)
    shared = await startChromium(makeFolder(owner), { port: await freePort(), owner })
    return async () => {
      for (const end of ends) await end()
    }
  })
  return () => {
    if (!shared) throw new Error('shared by the tests of a describe: ask inside of one')
    return shared
  }
}

/** The process that has this profile: its lock is a link to `<host name>-<pid>`. Null: nobody who lives. */
export function holderOf(profile: string): number | null {
  try {
    const pid = Number(/-(\d+)$/.exec(readlinkSync(join(profile, 'SingletonLock')))?.[1])
    process.kill(pid, 0)
    return pid
  } catch {
    return null
  }
}

/** Fifth field of /proc/PID/stat; the second, the name, is in brackets. */
function groupOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[2])
}

export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // gone
  }
}
