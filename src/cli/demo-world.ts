/**
 * What the demo plays in: a home of its own, a collector, acme's auth server, and acme itself (docs/examples/acme) as separate
 * processes. Their environment is set here and not inherited: CI, DO_NOT_TRACK and proxies of the caller decide nothing.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Collector, startCollector, type StoredEvent } from '../collector/collector.ts'
import { readSmallFile } from '../files/read-small-file.ts'
import { packageFile } from '../platform/package-files.ts'
import { probeProcess } from '../platform/process-instance.ts'
import { type SpoolLayout, spoolLayout } from '../spool/spool-layout.ts'

export interface Ended {
  readonly code: number | null
  readonly signal: string | null
  /** From spawn to exit. */
  readonly wallMs: number
  readonly stderr: string
}

export interface DemoWorld {
  readonly home: string
  readonly layout: SpoolLayout
  readonly collector: Collector
  acme(words: readonly string[], variables?: Readonly<Record<string, string>>): Promise<Ended>
  /** All that the collector holds, in the order of arrival. */
  events(): readonly StoredEvent[]
  /** True once no reporter works for this home any more; false if one still did after 15 s. */
  quiet(): Promise<boolean>
  /** Every file and folder of the home: size, times, content. Equal before and after: nothing was even touched. */
  snapshot(): string
  /** The collector stays until it is stopped. */
  leave(home: 'keep' | 'remove'): Promise<void>
}

function exampleFile(name: string): string {
  return packageFile(import.meta.url, `../docs/examples/acme/${name}`)
}

export function isExampleThere(): boolean {
  return existsSync(exampleFile('acme.js'))
}

/** Throws CollectorError where there is no SQLite. */
export async function makeDemoWorld(): Promise<DemoWorld> {
  const collector = await startCollector({ listen: '127.0.0.1:0' })
  const auth = await startAuthServer()
  const home = mkdtempSync(join(tmpdir(), 'afterword-demo-'))
  const layout = spoolLayout(join(home, '.acme'))
  const running = new Set<ChildProcess>()
  const environment = {
    ...inherited(),
    HOME: home,
    USERPROFILE: home,
    TMPDIR: home,
    ACME_API: auth.url,
    ACME_POSTHOG_HOST: collector.url,
    ACME_POSTHOG_KEY: 'phc_acme',
  }
  return {
    home,
    layout,
    collector,
    acme: (words, variables = {}) =>
      run([exampleFile('acme.js'), ...words], home, { ...environment, ...variables }, running),
    events: () => collector.listEvents({ limit: 10_000 }).events,
    quiet: () => comesTrue(() => !isReporterAlive(layout)),
    snapshot: () => listing(home).join('\n'),
    async leave(what) {
      for (const child of running) child.kill('SIGKILL') // it would make its home again
      await auth.stop()
      if (what === 'remove') rmSync(home, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** Longer than any reporter lives. */
export const PATIENCE_MS = 15_000

/** Looks again until it is true. */
export async function comesTrue(look: () => boolean, patienceMs: number = PATIENCE_MS): Promise<boolean> {
  const deadline = Date.now() + patienceMs
  while (!look()) {
    if (Date.now() > deadline) return false
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return true
}

async function startAuthServer(): Promise<{ url: string; stop: () => Promise<void> }> {
  const { startAuthServer: start } = (await import(pathToFileURL(exampleFile('auth-server.js')).href)) as {
    startAuthServer: () => Promise<{ url: string; stop: () => Promise<void> }>
  }
  return start()
}

/** What a Node needs to start at all. */
function inherited(): Record<string, string> {
  const names = ['PATH', 'LD_LIBRARY_PATH', 'SystemRoot', 'windir', 'ComSpec', 'PATHEXT']
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

function run(
  args: readonly string[],
  cwd: string,
  env: Record<string, string>,
  running: Set<ChildProcess>,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const start = process.hrtime.bigint()
    const child = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'ignore', 'pipe'], windowsHide: true })
    running.add(child)
    let wallMs = 0
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.on('error', reject)
    child.on('exit', () => {
      wallMs = Number(process.hrtime.bigint() - start) / 1e6
      running.delete(child)
    })
    child.on('close', (code, signal) => resolve({ code, signal, wallMs, stderr }))
  })
}

/** The lock goes before the last look, and the process ends after it. */
function isReporterAlive(layout: SpoolLayout): boolean {
  if (existsSync(layout.reporterLock)) return true
  const file = readSmallFile(layout.reporterState)
  const pid = file.kind === 'text' ? Number((JSON.parse(file.text) as { pid?: unknown }).pid) : Number.NaN
  const probe = Number.isSafeInteger(pid) ? probeProcess(pid) : null
  return probe !== null && probe.state !== 'Z' && probe.state !== 'X'
}

function listing(folder: string): string[] {
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name)
      const stat = lstatSync(path)
      const line = `${path} ${stat.ino} ${stat.mode} ${stat.size} ${stat.mtimeMs}`
      return stat.isDirectory() ? [line, ...listing(path)] : [`${line} ${readFileSync(path, 'base64')}`]
    })
}
