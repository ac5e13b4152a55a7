/**
 * The embedded collector: a PostHog capture endpoint on loopback that keeps events in SQLite. For development, tests and closed
 * networks, not the way to scale. See docs/collector.md.
 */
import { v7 } from 'uuid'
import { collectorSettings } from './collector-options.ts'
import type { CollectorOptions } from './collector-options.ts'
import type { CollectedEvent } from './ingest.ts'
import { serve } from './serve.ts'
import { chooseSqliteDriver } from './sqlite-driver.ts'
import type { SqliteDriver, SqliteDriverName } from './sqlite-driver.ts'
import { openEventStore } from './store.ts'
import type { EventsPage, EventsQuery } from './store.ts'

export { CollectorError } from './collector-error.ts'
export type { CollectorErrorCode } from './collector-error.ts'
export type { CollectorOptions } from './collector-options.ts'
export type { CollectedEvent } from './ingest.ts'
export type { SqliteDriverName } from './sqlite-driver.ts'
export type { EventsPage, EventsQuery, StoredEvent } from './store.ts'

export interface Collector {
  /** To be given to an SDK as `host`; no final slash. */
  readonly url: string
  readonly port: number
  readonly driver: SqliteDriverName
  /** What `GET /api/events` answers, without HTTP. Throws after `stop()`. */
  listEvents(query?: EventsQuery): EventsPage
  /** Takes no more connections, finishes what it has begun (at most 5 s), and closes the database. Idempotent. */
  stop(): Promise<void>
}

/** Test seams. */
export interface CollectorSeams {
  readonly now?: () => number
  readonly driver?: SqliteDriver
}

/** Resolves when it listens. Throws TypeError for wrong options, else {@link CollectorError}. Writes nothing to stdout or stderr. */
export async function startCollector(options: CollectorOptions = {}, seams: CollectorSeams = {}): Promise<Collector> {
  const { host, port, loopback, database, onEvents } = collectorSettings(options)
  const store = openEventStore(database, seams.driver ?? chooseSqliteDriver())
  const now = seams.now ?? Date.now
  try {
    const routes = {
      store,
      loopback,
      context: () => ({ nowMs: now(), mintUuid: v7 }),
      // In its own turn: what the caller throws there is the caller's, and the request is stored already.
      stored: (events: readonly CollectedEvent[]) => onEvents && queueMicrotask(() => onEvents(events)),
    }
    const serving = await serve(routes, host, port)
    let stopping: Promise<void> | undefined
    return {
      url: `http://${reachableHost(host)}:${serving.port}`,
      port: serving.port,
      driver: store.driver,
      listEvents: (query) => store.list(query),
      stop: () => (stopping ??= serving.stop().then(() => store.close())),
    }
  } catch (error) {
    store.close()
    throw error
  }
}

/** An address to connect to: the unspecified one is for listening only. */
function reachableHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}
