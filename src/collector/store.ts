/** Where collected events are kept: one SQLite database, one writer, a transaction a request. */
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { CollectorError } from './collector-error.ts'
import type { CollectedEvent } from './ingest.ts'
import { migrate } from './schema.ts'
import type { SqliteDatabase, SqliteDriver, SqliteDriverName, SqliteParameter, SqliteRow } from './sqlite-driver.ts'

/** An event as it is read back. */
export interface StoredEvent {
  /** Order of first arrival; the key of paging. */
  readonly seq: number
  readonly uuid: string
  readonly event: string
  readonly distinct_id: string
  /** ISO 8601, UTC, corrected for the client's clock. */
  readonly timestamp: string
  readonly received_at: string
  readonly properties: Readonly<Record<string, unknown>>
}

export interface EventsQuery {
  /** @default 'oldest' */
  readonly order?: 'oldest' | 'newest'
  /** The `next` of the page before; a seq. @default from the beginning (the end, with newest) */
  readonly after?: number
  /** @default 100 */
  readonly limit?: number
  readonly event?: string
  readonly distinctId?: string
}

export interface EventsPage {
  readonly events: readonly StoredEvent[]
  /** To be given as `after` for the next page; null if there is none yet. */
  readonly next: number | null
}

export interface EventStore {
  readonly driver: SqliteDriverName
  /** All or none; on disk when it returns. Throws what SQLite throws (disk full, locked for over 2 s). */
  append(token: string, events: readonly CollectedEvent[]): void
  list(query?: EventsQuery): EventsPage
  close(): void
}

/** Opens or makes the file (0600); undefined keeps events in memory. Throws CollectorError `database-unusable`, `cause` kept. */
export function openEventStore(file: string | undefined, driver: SqliteDriver): EventStore {
  // Absolute, because libsql takes "http:…" and "libsql:…" for servers to connect to.
  const path = file === undefined ? undefined : resolve(file)
  let database: SqliteDatabase | undefined
  try {
    if (path !== undefined) makePrivateFile(path)
    database = driver.open(path ?? ':memory:')
    migrate(database)
    return eventStore(database, driver.name)
  } catch (error) {
    database?.close()
    const reason = error instanceof Error ? error.message : String(error)
    throw new CollectorError('database-unusable', `opening the event database ${path}: ${reason}`, {
      path,
      cause: error,
    })
  }
}

/** SQLite makes files 0644 and gives its journal the rights of the database; the ids in here are nobody else's business. */
function makePrivateFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  closeSync(openSync(path, 'a', 0o600))
}

const DAY_MS = 86_400_000

function eventStore(database: SqliteDatabase, driver: SqliteDriverName): EventStore {
  const findProject = database.prepare('SELECT id FROM projects WHERE token = ?')
  const addProject = database.prepare('INSERT INTO projects (token, created_at) VALUES (?, ?)')
  const addEvent = database.prepare(
    `INSERT INTO events (project_id, uuid, event, distinct_id, day, ts, client_ts, sent_at, received_at, lib, lib_version, properties)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (project_id, day, uuid, event, distinct_id) DO UPDATE SET
       ts = excluded.ts, client_ts = excluded.client_ts, sent_at = excluded.sent_at, received_at = excluded.received_at,
       lib = excluded.lib, lib_version = excluded.lib_version, properties = excluded.properties`,
  )
  const projectId = (token: string, nowMs: number): number => {
    const known = findProject.get([token])
    if (known) return Number(known['id'])
    addProject.run([token, nowMs])
    return Number(findProject.get([token])?.['id'])
  }
  let open = true
  return {
    driver,
    append(token, events) {
      const [first] = events
      if (first === undefined) return
      database.transaction(() => {
        const project = projectId(token, first.receivedAtMs)
        for (const event of events) addEvent.run(parametersOf(event, project))
      })
    },
    list(query = {}) {
      const { sql, parameters, limit } = selectEvents(query)
      const rows = database.prepare(sql).all(parameters)
      const events = rows.slice(0, limit).map(storedEvent)
      return { events, next: rows.length > limit ? (events.at(-1)?.seq ?? null) : null }
    },
    close() {
      if (open) database.close()
      open = false
    },
  }
}

function parametersOf(event: CollectedEvent, project: number): SqliteParameter[] {
  return [
    project,
    Buffer.from(event.uuid.replaceAll('-', ''), 'hex'),
    event.event,
    event.distinctId,
    Math.floor(event.timestampMs / DAY_MS),
    event.timestampMs,
    event.clientTimestamp,
    event.sentAtMs,
    event.receivedAtMs,
    event.lib,
    event.libVersion,
    event.propertiesJson,
  ]
}

/** Keyset paging: a page costs the same wherever it lies. One row more than asked tells whether there is a next page. */
function selectEvents(query: EventsQuery): { sql: string; parameters: SqliteParameter[]; limit: number } {
  const { order = 'oldest', after, limit = 100, event, distinctId } = query
  const conditions: [string, SqliteParameter | undefined][] = [
    [order === 'oldest' ? 'seq > ?' : 'seq < ?', after],
    ['event = ?', event],
    ['distinct_id = ?', distinctId],
  ]
  const given = conditions.filter((condition): condition is [string, SqliteParameter] => condition[1] !== undefined)
  const where = given.length === 0 ? '' : `WHERE ${given.map(([sql]) => sql).join(' AND ')}`
  return {
    sql: `SELECT seq, hex(uuid) AS uuid, event, distinct_id, ts, received_at, properties FROM events ${where}
          ORDER BY seq ${order === 'oldest' ? 'ASC' : 'DESC'} LIMIT ?`,
    parameters: [...given.map(([, value]) => value), limit + 1],
    limit,
  }
}

function storedEvent(row: SqliteRow): StoredEvent {
  return {
    seq: Number(row['seq']),
    uuid: String(row['uuid'])
      .toLowerCase()
      .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
    event: String(row['event']),
    distinct_id: String(row['distinct_id']),
    timestamp: new Date(Number(row['ts'])).toISOString(),
    received_at: new Date(Number(row['received_at'])).toISOString(),
    properties: JSON.parse(String(row['properties'])) as Record<string, unknown>,
  }
}
