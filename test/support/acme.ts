/** What tests of the reporter do again and again with the host of one command, test/programs/command.mjs. */
import { lstatSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { encodeTask } from '../../src/reporter/reporter-task.ts'
import type { Home } from './home.ts'
import { type Finished, program, runNode } from './run.ts'

/** Runs one command to its end, with `url` as its PostHog. */
export function runCommand(
  home: Home,
  url: string,
  { act = 'ok', env = {}, node = [] }: { act?: string; env?: Record<string, string>; node?: readonly string[] } = {},
): Promise<Finished> {
  return runNode([...node, program('command.mjs'), act], { env: home.env({ POSTHOG: url, ...env }) })
}

/** Runs `count` commands, `width` at a time. */
export async function runCommands(
  count: number,
  width: number,
  run: (index: number) => Promise<Finished>,
): Promise<void> {
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < count) {
      const { code, stderr } = await run(next++)
      if (code !== 0) throw new Error(`a command ended with ${code}: ${stderr}`)
    }
  }
  await Promise.all(Array.from({ length: width }, lane))
}

/** As if every wait of the back-off were over. Failures stay counted. */
export function endBackoff(home: Home): void {
  const path = home.layout.backoff
  try {
    const past = new Date(Date.now() - 1000).toISOString()
    writeFileSync(path, readFileSync(path, 'utf8').replace(/("not_before":)"[^"]*"/g, `$1"${past}"`))
  } catch {
    // nothing waits
  }
}

/** As if the lock had been made so long ago. */
export function ageLock(home: Home, ageMs: number): void {
  const at = new Date(Date.now() - ageMs)
  utimesSync(home.layout.reporterLock, at, at)
}

/** As after an hour: no lock, no back-off. Call when no reporter lives. */
export function anHourLater(home: Home): void {
  rmSync(home.layout.reporterLock, { force: true })
  endBackoff(home)
}

/** What launch.ts would tell a reporter of this home; its lock is made for it. */
export function reporterVariables(
  home: Home,
  host: string,
  role: 'report' | 'inline' = 'report',
): Record<string, string> {
  mkdirSync(home.layout.telemetry, { recursive: true, mode: 0o700 })
  writeFileSync(home.layout.reporterLock, '{"token":"t"}\n', { mode: 0o600 })
  const place = {
    app: 'acme',
    directory: home.layout.directory,
    destination: { apiKey: 'phc_test', host },
    consentFiles: [home.layout.consent],
    token: 't',
  }
  return { ...encodeTask(role === 'report' ? { role, ...place, patient: true } : { role, ...place }) }
}

/** The built reporter, as a child that is waited for; under no box but its own. */
export const REPORTER_FILE: string = new URL('../../dist/reporter/main.cjs', import.meta.url).pathname

export function runReporter(home: Home, host: string, role: 'report' | 'inline' = 'report'): Promise<Finished> {
  return runNode([REPORTER_FILE], {
    env: home.env({ ...reporterVariables(home, host, role), AFTERWORD_BOX: 'outside' }),
  })
}

export function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

export interface ReporterProcess {
  readonly pid: number
  /** `node` or `timeout`. */
  readonly program: string
  /** Milliseconds since its start; null once it is gone or a zombie. */
  ageMs(): number | null
}

/** What lives for this home now. */
export function reporterProcesses(home: Home): readonly ReporterProcess[] {
  return home.reporters().flatMap((pid) => {
    const stat = readStat(pid)
    if (stat === null) return []
    return [{ pid, program: stat.comm === 'timeout' ? 'timeout' : 'node', ageMs: () => ageOf(pid, stat.ticks) }]
  })
}

/** Counts reporters (Node processes) of a home while it runs. */
export function startCensus(home: Home): { stop(): readonly number[] } {
  const seen = new Set<number>()
  const timer = setInterval(() => {
    for (const { pid, program } of reporterProcesses(home)) if (program === 'node') seen.add(pid)
  }, 40)
  return {
    stop() {
      clearInterval(timer)
      return [...seen]
    },
  }
}

const TICKS_PER_SECOND = 100

function ageOf(pid: number, ticks: number): number | null {
  const stat = readStat(pid)
  if (stat === null || stat.ticks !== ticks) return null
  return Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1000 - (ticks * 1000) / TICKS_PER_SECOND
}

function readStat(pid: number): { readonly comm: string; readonly ticks: number } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return null
    return { comm: text.slice(text.indexOf('(') + 1, text.lastIndexOf(')')), ticks: Number(fields[19]) }
  } catch {
    return null
  }
}
