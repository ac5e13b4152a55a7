/** Real Chromium, owned by the test: its profile is new, its log a file of the test, its processes gone when the test is over. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { waitUntil } from './wait-until.ts'

/** `it.skipIf(NO_CHROMIUM !== null)`, and the reason. */
export const NO_CHROMIUM: string | null =
  spawnSync('chromium', ['--version']).status === 0 ? null : 'no chromium on PATH: sh test/chromium/setup.sh'

const FLAGS =
  '--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync --enable-logging=stderr'

export interface Chromium {
  readonly child: ChildProcess
  readonly port: number
  readonly version: () => Promise<{ webSocketDebuggerUrl: string }>
  /** Ends the process and its children, and waits until they are gone. */
  kill(signal?: NodeJS.Signals): Promise<void>
}

/** A place for the logs, profiles and downloads of one test. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(process.env['AFTERWORD_TEST_HOME'] ?? '/tmp', 'chromium-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }))
  return folder
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Resolves when it answers at `host:port`. Its standard error is added to `log`. */
export async function startChromium(
  folder: string,
  options: { readonly port: number; readonly log?: string; readonly host?: string },
): Promise<Chromium> {
  const { port, log = join(folder, 'chromium.log'), host = '127.0.0.1' } = options
  const profile = mkdtempSync(join(folder, 'profile-'))
  const output = openSync(log, 'a')
  const args = [...FLAGS.split(' '), `--remote-debugging-port=${port}`, `--user-data-dir=${profile}`]
  const child = spawn('chromium', [...args, 'about:blank'], { detached: true, stdio: ['ignore', 'ignore', output] })
  closeSync(output)
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const kill = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    signalGroup(child.pid ?? 0, signal)
    await gone
  }
  onTestFinished(() => kill())
  const version = async () => {
    const response = await fetch(`http://${host.includes(':') ? `[${host}]` : host}:${port}/json/version`)
    return (await response.json()) as { webSocketDebuggerUrl: string }
  }
  await waitUntil('Chromium answers', () => version().catch(() => null), { everyMs: 25 })
  return { child, port, version, kill }
}

export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // gone
  }
}
