/** What disk and operating system say of the reporter: its lock, the process named there, and how the last run ended. */
import { lstatSync, readFileSync } from 'node:fs'
import { readSmallFile } from '../../files/read-small-file.ts'
import {
  currentInstance,
  type InstanceVerdict,
  judgeInstance,
  type ProcessInstance,
  type ProcessProbe,
  probeProcess,
} from '../../platform/process-instance.ts'
import { type LockContent, parseLock } from '../../reporter/reporter-lock.ts'
import type { SpoolLayout } from '../../spool/spool-layout.ts'

/** The process that a lock names. */
export interface HolderFacts {
  readonly recorded: ProcessInstance
  readonly verdict: InstanceVerdict
  /** What lives under that pid now, if anything. */
  readonly now: ProcessProbe | null
  /** Since its start, where the system says so. */
  readonly ageMs: number | null
  readonly here: ProcessInstance
}

export interface LockFacts {
  readonly kind: 'absent' | 'file' | 'not-a-file'
  readonly ageMs: number
  readonly content: LockContent | null
  readonly holder: HolderFacts | null
}

/** `reporter.json`. */
export type LastRun =
  | { readonly kind: 'absent' | 'torn' }
  | {
      readonly kind: 'run'
      readonly pid: number
      /** `running` until it is not. */
      readonly end: string
      readonly startedAt: string
      readonly at: string
      readonly accepted: number
      readonly rejected: number
      readonly requests: number
      /** That pid belongs to a process which is not younger than the run. */
      readonly processLives: boolean
    }

export interface ReporterFacts {
  readonly lock: LockFacts
  readonly lastRun: LastRun
}

/** A reporter may end while we look, and then the pieces contradict each other without meaning it: looked at until they hold still. */
export function readReporter(layout: SpoolLayout): ReporterFacts {
  for (let turn = 0; ; turn++) {
    const before = textsOf(layout)
    const facts = { lock: readLock(layout.reporterLock), lastRun: readLastRun(layout.reporterState) }
    if (textsOf(layout) === before || turn === 20) return facts
  }
}

function textsOf({ reporterLock, reporterState }: SpoolLayout): string {
  return JSON.stringify([readSmallFile(reporterLock), readSmallFile(reporterState)])
}

function readLock(path: string): LockFacts {
  try {
    const stat = lstatSync(path)
    const content = parseLock(path)
    const holder = content?.holder === undefined ? null : readHolder(content.holder)
    return { kind: stat.isFile() ? 'file' : 'not-a-file', ageMs: Date.now() - stat.mtimeMs, content, holder }
  } catch {
    return { kind: 'absent', ageMs: 0, content: null, holder: null }
  }
}

function readHolder(recorded: ProcessInstance): HolderFacts {
  const here = currentInstance()
  const now = probeProcess(recorded.pid)
  const verdict = judgeInstance(recorded, here, () => now)
  return { recorded, verdict, now, ageMs: now === null ? null : ageOfTicks(now.startTicks), here }
}

function readLastRun(path: string): LastRun {
  const file = readSmallFile(path)
  if (file.kind === 'absent') return { kind: 'absent' }
  try {
    const run = JSON.parse(file.kind === 'text' ? file.text : '') as { readonly [key: string]: unknown } | null
    const { pid, end, started_at, at, accepted, rejected, requests } = run ?? {}
    if (typeof pid !== 'number' || typeof end !== 'string' || typeof started_at !== 'string') return { kind: 'torn' }
    return {
      kind: 'run',
      pid,
      end,
      startedAt: started_at,
      at: String(at),
      accepted: Number(accepted),
      rejected: Number(rejected),
      requests: Number(requests),
      processLives: livesSince(pid, Date.parse(started_at)),
    }
  } catch {
    return { kind: 'torn' }
  }
}

const CLOCK_SLACK_MS = 2000

function livesSince(pid: number, startedMs: number): boolean {
  const now = probeProcess(pid)
  if (now === null || now.state === 'Z' || now.state === 'X') return false
  const ageMs = ageOfTicks(now.startTicks)
  return ageMs === null || Date.now() - ageMs <= startedMs + CLOCK_SLACK_MS
}

/** USER_HZ: 100 on every Linux that Node runs on, whatever the kernel's own. */
const TICKS_PER_SECOND = 100

function ageOfTicks(ticks: number | null): number | null {
  if (ticks === null) return null
  try {
    const uptimeMs = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1000
    return Math.max(0, uptimeMs - (ticks * 1000) / TICKS_PER_SECOND)
  } catch {
    return null
  }
}
