/** A home of one test: made, looked into, and removed together with whatever still works for it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Envelope, lastLine } from '../../src/events/envelope.ts'
import { type SpoolLayout, spoolLayout } from '../../src/spool/spool-layout.ts'
import { cleanEnvironment } from './environment.ts'
import { processesNaming } from './processes.ts'
import { waitUntil } from './wait-until.ts'

export interface Home {
  readonly path: string
  /** Of the app `acme`. */
  readonly layout: SpoolLayout
  env(added?: Readonly<Record<string, string>>): Record<string, string>
  /** Envelopes in `pending/`, oldest first; records in `in-flight/`. */
  pending(): readonly Envelope[]
  inFlight(): readonly unknown[]
  /** Every file under `~/.acme`, relative. */
  files(): readonly string[]
  /** Pids of processes that were started as reporters for this home. */
  reporters(): readonly number[]
  /** Resolves when no reporter of this home lives any more. */
  quiet(timeoutMs?: number): Promise<void>
}

export function makeHome(app = 'acme'): Home {
  const path = mkdtempSync(join(process.env['AFTERWORD_TEST_HOME'] ?? '/tmp', 'home-'))
  const layout = spoolLayout(`${path}/.${app}`)
  const home: Home = {
    path,
    layout,
    env: (added = {}) => cleanEnvironment(path, added),
    pending: () => readJson(layout.pending) as readonly Envelope[],
    inFlight: () => readJson(layout.inFlight),
    files: () => listFiles(layout.directory),
    reporters: () => processesNaming(path),
    quiet: async (timeoutMs = 15_000) => {
      await waitUntil('no reporter lives', () => home.reporters().length === 0, { timeoutMs, everyMs: 25 })
    },
  }
  onTestFinished(async () => {
    for (const pid of home.reporters()) kill(pid)
    await home.quiet()
    rmSync(path, { recursive: true, force: true, maxRetries: 5 })
  })
  return home
}

/** A record that is being made is empty for a moment. */
function parsed(text: string): unknown {
  return text === '' ? null : JSON.parse(text)
}

function readJson(folder: string): readonly unknown[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .sort()
      .map((name) => parsed(lastLine(readFileSync(join(folder, name), 'utf8'))))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

function listFiles(directory: string): readonly string[] {
  try {
    return readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
      .sort()
  } catch {
    return []
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // ended by itself
  }
}
