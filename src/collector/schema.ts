/** The collector's tables and how an older file becomes a newer one. */
import { CollectorError } from './collector-error.ts'
import type { SqliteDatabase } from './sqlite-driver.ts'

/** "afwd": so that somebody's other database is not taken for ours. */
const APPLICATION_ID = 0x61667764

/**
 * Element N brings `PRAGMA user_version` N to N + 1. Only ever append.
 *
 * `events`: a rowid table with uuids as 16-byte BLOBs (a clustered text key costs up to 10 times the inserts). An event that was
 * sent again replaces itself when project, UTC day, name, distinct id and uuid agree, as in PostHog's ClickHouse; the uuid comes
 * early in the key because v7 grows with time and so keeps inserts on the same pages. `seq` stays what it was at first.
 * No index by person: its pages are hit at random, and it took batches from 49,000 to 30,000 events/s (libsql, Node 20, 2 cores).
 */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE projects (
     id INTEGER PRIMARY KEY,
     token TEXT NOT NULL UNIQUE,
     created_at INTEGER NOT NULL
   );
   CREATE TABLE events (
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     project_id INTEGER NOT NULL,
     uuid BLOB NOT NULL,
     event TEXT NOT NULL,
     distinct_id TEXT NOT NULL,
     day INTEGER NOT NULL,
     ts INTEGER NOT NULL,
     client_ts TEXT,
     sent_at INTEGER,
     received_at INTEGER NOT NULL,
     lib TEXT,
     lib_version TEXT,
     properties TEXT NOT NULL,
     UNIQUE (project_id, day, uuid, event, distinct_id)
   );`,
]

/**
 * Sets the connection up and applies what the file lacks, each step with its version number in one transaction.
 * synchronous=FULL: what was answered with 200 outlives a power cut; at a transaction a request it costs batches nothing.
 */
export function migrate(database: SqliteDatabase, migrations: readonly string[] = MIGRATIONS): void {
  database.exec('PRAGMA busy_timeout = 2000')
  database.transaction(() => {
    checkOwner(database)
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}`)
    const version = pragma(database, 'user_version')
    if (version > migrations.length) {
      throw new CollectorError(
        'database-unusable',
        `the database is of version ${version}, this afterword knows up to ${migrations.length}: use a newer one`,
        { version, known: migrations.length },
      )
    }
    for (const step of migrations.slice(version)) database.exec(step)
    database.exec(`PRAGMA user_version = ${migrations.length}`)
  })
  database.prepare('PRAGMA journal_mode = WAL').get([])
  database.exec('PRAGMA synchronous = FULL')
  database.exec('PRAGMA cache_size = -65536')
  database.exec('PRAGMA wal_autocheckpoint = 10000') // 40 MB; the default of 4 costs a sixth of the inserts
}

function checkOwner(database: SqliteDatabase): void {
  const owner = pragma(database, 'application_id')
  const tables = Number(database.prepare('SELECT count(*) AS n FROM sqlite_master').get([])?.['n'])
  if (owner !== APPLICATION_ID && (owner !== 0 || tables > 0)) {
    throw new CollectorError('database-unusable', 'the file is a SQLite database of another program')
  }
}

function pragma(database: SqliteDatabase, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get([])?.[name])
}
