/**
 * SQLite from wherever this machine has it: built into Node (22.13 and later), else the optional peers better-sqlite3 and libsql.
 * All three become one tiny synchronous interface. A driver that is absent or was installed without its binary is a value.
 */
import { createRequire } from 'node:module'
import { CollectorError } from './collector-error.ts'

export type SqliteParameter = string | number | null | Uint8Array
/** BLOBs come back as different types from different drivers: read them through `hex()`. */
export type SqliteRow = { readonly [column: string]: string | number | null }

export interface SqliteStatement {
  run(parameters: readonly SqliteParameter[]): void
  get(parameters: readonly SqliteParameter[]): SqliteRow | undefined
  all(parameters: readonly SqliteParameter[]): readonly SqliteRow[]
}

export interface SqliteDatabase {
  exec(sql: string): void
  prepare(sql: string): SqliteStatement
  /** BEGIN IMMEDIATE, `work`, COMMIT; rolls back and throws on if `work` throws. Not to be nested. */
  transaction<T>(work: () => T): T
  close(): void
}

export type SqliteDriverName = 'node:sqlite' | 'better-sqlite3' | 'libsql'

export interface SqliteDriver {
  readonly name: SqliteDriverName
  /** Opens a file, or `:memory:`. Throws what the driver throws. */
  open(path: string): SqliteDatabase
}

export type LoadedDriver =
  | { readonly kind: 'driver'; readonly driver: SqliteDriver }
  | { readonly kind: 'missing'; readonly name: SqliteDriverName; readonly reason: string }

/** In order of preference: what needs no installation first, then the faster. */
export const SQLITE_DRIVERS: readonly SqliteDriverName[] = ['node:sqlite', 'better-sqlite3', 'libsql']

/** The first that works. Throws CollectorError `no-sqlite-driver` that says what to install. */
export function chooseSqliteDriver(names: readonly SqliteDriverName[] = SQLITE_DRIVERS): SqliteDriver {
  const missing: string[] = []
  for (const name of names) {
    const loaded = loadSqliteDriver(name)
    if (loaded.kind === 'driver') return loaded.driver
    missing.push(`${name}: ${loaded.reason}`)
  }
  throw new CollectorError(
    'no-sqlite-driver',
    `the collector keeps its events in SQLite and found none (${missing.join('; ')}). ` +
      'Run "npm install libsql" or "npm install better-sqlite3" next to afterword, or use Node 22.13 or later',
    { tried: missing },
  )
}

export function loadSqliteDriver(name: SqliteDriverName): LoadedDriver {
  try {
    const constructor = name === 'node:sqlite' ? builtIn() : requireOwn(name)
    if (constructor === undefined)
      return { kind: 'missing', name, reason: `not in Node ${process.version}, which needs 22.13` }
    const driver = { name, open: (path: string) => adapt(new constructor(path), name) }
    driver.open(':memory:').close() // better-sqlite3 looks for its binary only now
    return { kind: 'driver', driver }
  } catch (error) {
    const absent = (error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND'
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
    return { kind: 'missing', name, reason: absent ? `not installed, or without its binary (${reason})` : reason }
  }
}

/** What the three have in common, as far as it is used here. */
interface NativeDatabase {
  exec(sql: string): unknown
  prepare(sql: string): NativeStatement
  close(): void
}
interface NativeStatement {
  run(...parameters: unknown[]): unknown
  get(...parameters: unknown[]): unknown
  all(...parameters: unknown[]): unknown
}
type NativeConstructor = new (path: string) => NativeDatabase

const requireOwn = createRequire(import.meta.url) as (id: string) => NativeConstructor

/** Importing it statically would not load on Node 20; it also prints an ExperimentalWarning up to 24, the only one held back. */
function builtIn(): NativeConstructor | undefined {
  // oxlint-disable-next-line typescript/unbound-method -- put back below, and called as process's meanwhile
  const emitWarning = process.emitWarning
  process.emitWarning = (warning: string | Error, ...rest: never[]) => {
    if (!/\bSQLite\b/.test(String(warning))) emitWarning.call(process, warning, ...rest)
  }
  try {
    const sqlite: { DatabaseSync?: NativeConstructor } | undefined = process.getBuiltinModule('node:sqlite')
    return sqlite?.DatabaseSync
  } finally {
    process.emitWarning = emitWarning
  }
}

function adapt(native: NativeDatabase, name: SqliteDriverName): SqliteDatabase {
  // The packages take one array, so that a lone Buffer or null is not mistaken for a list or named parameters; node:sqlite spreads.
  const bind = (parameters: readonly SqliteParameter[]): readonly unknown[] =>
    name === 'node:sqlite' ? parameters : [parameters]
  return {
    exec: (sql) => void native.exec(sql),
    prepare: (sql) => {
      const statement = native.prepare(sql)
      return {
        run: (parameters) => void statement.run(...bind(parameters)),
        get: (parameters) => statement.get(...bind(parameters)) as SqliteRow | undefined,
        all: (parameters) => statement.all(...bind(parameters)) as readonly SqliteRow[],
      }
    },
    transaction: (work) => {
      native.exec('BEGIN IMMEDIATE')
      try {
        const result = work()
        native.exec('COMMIT')
        return result
      } catch (error) {
        rollBackIfOpen(native)
        throw error
      }
    },
    close: () => native.close(),
  }
}

/** A full disk or an I/O error makes SQLite roll back by itself; saying it again fails and must not hide the first error. */
function rollBackIfOpen(native: NativeDatabase): void {
  try {
    native.exec('ROLLBACK')
  } catch {
    // Nothing is open: that is what was wanted.
  }
}
