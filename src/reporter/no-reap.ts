/**
 * Where PID 1 does not reap (`CMD ["node", "server.js"]`, `sleep infinity` and docker exec), every detached process stays a zombie
 * for ever. Nobody guesses inits here: a reporter looks at what became of the one before it, and if that is still a zombie more
 * than a minute after its start (slow reapers exist), it leaves a mark for this boot and this pid namespace. From then on the hosts
 * send inline, at most once a minute (delivery-mode.ts).
 *
 * Who writes `no-reap.json`: a reporter (the mark), a host that sends inline (the date). A lost update costs one inline run.
 */
import { readSmallFile } from '../files/read-small-file.ts'
import { writeByRename } from '../files/write-by-rename.ts'
import {
  currentInstance,
  isProcessInstance,
  type ProcessInstance,
  type ProcessProbe,
} from '../platform/process-instance.ts'

export const ZOMBIE_AFTER_MS = 60_000

/** What a reporter leaves in `reporter.json` for the next one. */
export interface LastRun {
  /** The process that the system has to reap: `timeout` around the reporter, or the reporter itself. */
  readonly leader: ProcessInstance
  readonly startedMs: number
}

/** Pure but for `probe`. True: the last reporter's leader is a zombie that nobody will take. */
export function isLeftAsZombie(
  last: LastRun | null,
  here: Pick<ProcessInstance, 'boot_id' | 'pid_namespace'>,
  probe: (pid: number) => ProcessProbe | null,
  nowMs: number,
): boolean {
  if (last === null || nowMs - last.startedMs <= ZOMBIE_AFTER_MS) return false
  const { pid, start_ticks, boot_id, pid_namespace } = last.leader
  if (boot_id !== here.boot_id || pid_namespace !== here.pid_namespace) return false
  const seen = probe(pid)
  return seen !== null && seen.state === 'Z' && seen.startTicks === start_ticks
}

export function readLastRun(reporterState: string): LastRun | null {
  const value = readObject(reporterState)
  const startedMs = Date.parse(String(value?.['started_at']))
  const leader = value?.['leader']
  return isProcessInstance(leader) && Number.isFinite(startedMs) ? { leader, startedMs } : null
}

/** Throws when it cannot be written. */
export function markNoReap(path: string, here: Pick<ProcessInstance, 'boot_id' | 'pid_namespace'>): void {
  writeMark(path, here, null)
}

export interface Reaping {
  /** False: a mark of this boot and this pid namespace is there. */
  readonly reaped: boolean
  /** Milliseconds since a host last sent inline because of it; null: none has. */
  readonly sinceInlineMs: number | null
}

export const REAPED: Reaping = { reaped: true, sinceInlineMs: null }

export function readReaping(path: string, nowMs: number, here: ProcessInstance = currentInstance()): Reaping {
  const mark = readObject(path)
  if (mark === null || mark['boot_id'] !== here.boot_id || mark['pid_namespace'] !== here.pid_namespace) return REAPED
  const inlineMs = typeof mark['inline_at'] === 'string' ? Date.parse(mark['inline_at']) : Number.NaN
  // A date ahead is a clock that was set back: as if there were none.
  return { reaped: false, sinceInlineMs: inlineMs <= nowMs ? nowMs - inlineMs : null }
}

/** Notes that a host sends inline now; nothing where there is no mark. */
export function noteInline(path: string, nowMs: number): void {
  const mark = readObject(path)
  if (mark === null) return
  try {
    const { boot_id, pid_namespace } = mark as { boot_id: string | null; pid_namespace: string | null }
    writeMark(path, { boot_id, pid_namespace }, new Date(nowMs).toISOString())
  } catch {
    // a full disk: the next command sends inline too
  }
}

function writeMark(
  path: string,
  { boot_id, pid_namespace }: Pick<ProcessInstance, 'boot_id' | 'pid_namespace'>,
  inlineAt: string | null,
): void {
  writeByRename(path, `${JSON.stringify({ boot_id, pid_namespace, inline_at: inlineAt })}\n`)
}

function readObject(path: string): Readonly<Record<string, unknown>> | null {
  const file = readSmallFile(path)
  if (file.kind !== 'text') return null
  try {
    const value: unknown = JSON.parse(file.text)
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : null
  } catch {
    return null // torn: as if absent
  }
}
