/** How many finished sessions are kept: oldest first to go, what still waits to be sent last. What is live is not looked at. */
import fs from 'node:fs'
import { dirname } from 'node:path'
import { isUuid } from '../events/envelope.ts'
import type { SessionsLayout } from './session-layout.ts'
import { compactIndex, namesIn } from './sessions-index.ts'

export interface SessionBounds {
  readonly sessions: number
  readonly bytes: number
  readonly ageMs: number
}

export const SESSION_BOUNDS: SessionBounds = {
  sessions: 500,
  bytes: 64 * 1024 * 1024,
  ageMs: 30 * 24 * 3_600_000,
}

export interface FinishedSession {
  readonly id: string
  /** When its directory last changed: its end. */
  readonly endedMs: number
  readonly bytes: number
  /** Its event has not been accepted yet. */
  readonly isWaiting: boolean
}

/** The ids to delete. Pure. */
export function decideRetention(
  sessions: readonly FinishedSession[],
  nowMs: number,
  bounds: SessionBounds,
): readonly string[] {
  let count = sessions.length
  let bytes = sessions.reduce((sum, session) => sum + session.bytes, 0)
  const oldestFirst = [...sessions].sort((a, b) => a.endedMs - b.endedMs || (a.id < b.id ? -1 : 1))
  return oldestFirst.flatMap((session) => {
    const isOver = count > bounds.sessions || bytes > bounds.bytes || nowMs - session.endedMs > bounds.ageMs
    if (!isOver || session.isWaiting) return []
    count -= 1
    bytes -= session.bytes
    return [session.id]
  })
}

export interface Tidying {
  readonly nowMs: number
  readonly bounds?: SessionBounds
  /** Looks at sizes and true ends, at what was set aside, and at the index; else at names alone: one listing. @default true */
  readonly isThorough?: boolean
  /** `performance.now()` when it has to stop, done or not. @default never */
  readonly untilMs?: number
}

/** Deletes what is over the bounds; what was set aside goes after as many days. Throws errno errors. */
export function tidySessions(layout: SessionsLayout, tidying: Tidying): void {
  const { nowMs, bounds = SESSION_BOUNDS, isThorough = true, untilMs = Number.POSITIVE_INFINITY } = tidying
  const isLate = (): boolean => performance.now() > untilMs
  const waiting = new Set(namesIn(`${dirname(layout.root)}/pending`))
  // Oldest first, as UUIDv7 sort; of those that there is no time to look at, only the names count.
  const sessions = [...namesIn(layout.done)].sort().map((id): FinishedSession => {
    const path = `${layout.done}/${id}`
    const isWaiting = waiting.has(`${id}.json`)
    return isThorough && !isLate()
      ? { id, endedMs: statOf(path)?.mtimeMs ?? 0, bytes: bytesIn(path), isWaiting }
      : { id, endedMs: beganMs(id) ?? nowMs, bytes: 0, isWaiting }
  })
  for (const id of decideRetention(sessions, nowMs, bounds)) {
    if (isLate()) return
    remove(`${layout.done}/${id}`)
  }
  if (!isThorough) return
  for (const name of namesIn(layout.quarantine)) {
    if (isLate()) return
    const path = `${layout.quarantine}/${name}`
    const sinceMs = statOf(path)?.ctimeMs
    if (sinceMs !== undefined && nowMs - sinceMs > bounds.ageMs) remove(path)
  }
  compactIndex(layout)
}

/** Whether this is the one session of sixteen that looks thoroughly at all the others when it has ended. Pure. */
export function isItsTurn(id: string): boolean {
  return id.endsWith('0')
}

/** What a UUIDv7 says of itself. */
function beganMs(id: string): number | null {
  return isUuid(id) ? Number.parseInt(id.replace('-', '').slice(0, 12), 16) : null
}

function bytesIn(path: string): number {
  return namesIn(path).reduce((sum, name) => sum + (statOf(`${path}/${name}`)?.size ?? 0), 0)
}

function statOf(path: string): fs.Stats | undefined {
  return fs.lstatSync(path, { throwIfNoEntry: false })
}

/** A link is removed, not what it leads to. */
function remove(path: string): void {
  fs.rmSync(path, { recursive: true, force: true })
}
