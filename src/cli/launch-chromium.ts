/**
 * Starts a Chromium of our own and starts it again when it ends, until it is stopped. Where it listens is read from its profile
 * (proxy/devtools-active-port.ts): it takes whatever port is free.
 *
 * It hangs on a pipe of ours, and so ends with this process, also by a SIGKILL. The pipe settles chrome://restart as well: the copy of itself
 * that such a browser leaves has no pipe and refuses to start, so the one that is started here is the only one.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

export interface LaunchedChromium {
  /** Its user data directory, new and empty. */
  readonly profile: string
  /** Ends it and its children, and removes the profile. */
  stop(): Promise<void>
}

export interface ChromiumEnd {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
}

/** Looked for in this order in each folder of PATH. */
export const CHROMIUM_NAMES = [
  'chromium',
  'chromium-browser',
  'google-chrome-stable',
  'google-chrome',
  'chrome',
] as const

const FLAGS = [
  '--headless',
  '--remote-debugging-port=0',
  // Nobody says anything there: it is held for its end.
  '--remote-debugging-pipe',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** One that dies younger than this is started again later and later, or a broken one would keep the machine busy. */
const YOUNG_MS = 5_000
const PAUSE_MS_MIN = 100
const PAUSE_MS_MAX = 5_000
const STOP_MS_MAX = 3_000

/** The path of a Chromium on `PATH`, or null. */
export function findChromium(path: string): string | null {
  for (const folder of path.split(delimiter).filter((each) => each.startsWith('/'))) {
    for (const name of CHROMIUM_NAMES) {
      try {
        accessSync(join(folder, name), constants.X_OK)
        return join(folder, name)
      } catch {
        // not here
      }
    }
  }
  return null
}

/** `onEnd` hears of each end. The first start's failure (no such program) is an end as well, with neither code nor signal. */
export function launchChromium(executable: string, onEnd: (end: ChromiumEnd) => void): LaunchedChromium {
  const profile = mkdtempSync(join(tmpdir(), 'afterword-chromium-'))
  let child: ChildProcess | null = null
  let timer: NodeJS.Timeout | undefined
  let pauseMs = 0
  let stopped = false

  const start = (): void => {
    const startedMs = performance.now()
    // A Chromium has no sandbox as root; a group of its own, so that its children can be ended with it and Ctrl-C is ours alone.
    const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : []
    const args = [...FLAGS, ...sandbox, `--user-data-dir=${profile}`, 'about:blank']
    child = spawn(executable, args, { detached: true, stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] })
    // None where the system would not give any: that is told by 'error', as an end is by 'exit'.
    const pipes = (child.stdio as readonly unknown[] | undefined)?.slice(3) as readonly Socket[] | undefined
    for (const pipe of pipes ?? []) pipe.on('error', () => undefined).unref()
    const ended = (exitCode: number | null, signal: NodeJS.Signals | null): void => {
      child?.removeAllListeners()
      child = null
      if (stopped) return
      onEnd({ exitCode, signal })
      const wasYoung = performance.now() - startedMs < YOUNG_MS
      pauseMs = wasYoung ? Math.min(Math.max(PAUSE_MS_MIN, pauseMs * 2), PAUSE_MS_MAX) : 0
      timer = setTimeout(start, pauseMs)
    }
    child.on('exit', ended)
    child.on('error', () => ended(null, null))
  }

  start()
  return {
    profile,
    stop: async () => {
      stopped = true
      clearTimeout(timer)
      if (child !== null) await end(child)
      rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
    },
  }
}

/** With its children: those that outlive it are killed. */
async function end(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve).once('error', resolve))
  const late = new Promise((resolve) => setTimeout(resolve, STOP_MS_MAX).unref())
  signalGroup(child, 'SIGTERM')
  await Promise.race([gone, late])
  signalGroup(child, 'SIGKILL')
  await gone
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal)
  } catch {
    // ended by itself
  }
}
