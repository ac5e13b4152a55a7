/** How many finished sessions are kept: oldest first to go, what still waits to be sent last. What is live is not looked at. */
import fs from 'node:fs'
import type { SessionsLayout } from './session-layout.ts'
import { namesIn } from './sessions-index.ts'

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

/** Deletes what is over the bounds; what was set aside goes after as many days. Throws errno errors. */
export function pruneSessions(
  layout: SessionsLayout,
  isWaiting: (id: string) => boolean,
  nowMs: number,
  bounds: SessionBounds = SESSION_BOUNDS,
): void {
  const sessions = namesIn(layout.done).map((id): FinishedSession => {
    const path = `${layout.done}/${id}`
    return { id, endedMs: statOf(path)?.mtimeMs ?? 0, bytes: bytesIn(path), isWaiting: isWaiting(id) }
  })
  for (const id of decideRetention(sessions, nowMs, bounds)) remove(`${layout.done}/${id}`)
  for (const name of namesIn(layout.quarantine)) {
    const path = `${layout.quarantine}/${name}`
    const sinceMs = statOf(path)?.ctimeMs
    if (sinceMs !== undefined && nowMs - sinceMs > bounds.ageMs) remove(path)
  }
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
