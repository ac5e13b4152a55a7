/**
 * Starts a Chromium of our own and starts it again when it ends, until it is stopped. Where it listens is read from its profile
 * (proxy/devtools-active-port.ts): it takes whatever port is free.
 *
 * Its end is not the process's end: a browser that restarts itself (chrome://restart) exits 0 and leaves a copy of itself in the same
 * profile. Another one started then would hand over to that copy and exit 0 as well, in a loop. So the lock of the profile is looked at first.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, constants, mkdtempSync, readlinkSync, rmSync } from 'node:fs'
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
  /** It left a copy of itself in the profile: nothing is started. */
  readonly relaunchedItself: boolean
}

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome']

const FLAGS = [
  '--headless',
  '--remote-debugging-port=0',
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
const PAUSE_MS_MAX = 5_000
const LOOK_MS = 100
const STOP_MS_MAX = 3_000

/** The path of a Chromium on `PATH`, or null. */
export function findChromium(path: string): string | null {
  for (const folder of path.split(delimiter).filter((each) => each.startsWith('/'))) {
    for (const name of NAMES) {
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
    child = spawn(executable, args, { detached: true, stdio: 'ignore' })
    const ended = (exitCode: number | null, signal: NodeJS.Signals | null): void => {
      child?.removeAllListeners()
      child = null
      if (stopped) return
      const copy = holderOf(profile)
      onEnd({ exitCode, signal, relaunchedItself: copy !== null })
      const wasYoung = performance.now() - startedMs < YOUNG_MS
      pauseMs = wasYoung ? Math.min(Math.max(LOOK_MS, pauseMs * 2), PAUSE_MS_MAX) : 0
      if (copy === null) timer = setTimeout(start, pauseMs)
      else watchCopy()
    }
    child.on('exit', ended)
    child.on('error', () => ended(null, null))
  }

  const watchCopy = (): void => {
    timer = setTimeout(() => {
      if (holderOf(profile) !== null) return watchCopy()
      onEnd({ exitCode: null, signal: null, relaunchedItself: false })
      start()
    }, LOOK_MS)
  }

  start()
  return {
    profile,
    stop: async () => {
      stopped = true
      clearTimeout(timer)
      const pids = [child?.pid, holderOf(profile)].filter((pid) => pid !== undefined && pid !== null)
      for (const pid of pids) signalGroup(pid, 'SIGTERM')
      const deadline = performance.now() + STOP_MS_MAX
      while (pids.some(isAlive) && performance.now() < deadline) await sleep(20)
      for (const pid of pids) signalGroup(pid, 'SIGKILL')
      rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
    },
  }
}

/** Who holds the profile: `SingletonLock` is a link to `<host name>-<pid>`. Null: nobody who lives. */
function holderOf(profile: string): number | null {
  try {
    const pid = Number(/-(\d+)$/.exec(readlinkSync(join(profile, 'SingletonLock')))?.[1])
    return Number.isSafeInteger(pid) && isAlive(pid) ? pid : null
  } catch {
    return null
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** A copy that relaunched itself is in its parent's group, and may lead none. */
function signalGroup(pid: number, signal: NodeJS.Signals): void {
  for (const target of [-pid, pid]) {
    try {
      process.kill(target, signal)
    } catch {
      // ended by itself
    }
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
