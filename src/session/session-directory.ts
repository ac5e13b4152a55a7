/**
 * A session's directory, from before its workload's first instruction until it is done. Nothing here throws: a write that fails
 * closes the trace, sets `degraded`, and the run goes on.
 *
 * Race R20: a SIGKILL between mkdir and `session.json` leaves a directory that says nothing: not enrolled, and after a day set aside.
 * Its workload has not begun: the first record is written before anything is started, because a shim whose tracer dies goes on.
 * Race R21: a SIGKILL while finishing. The summary is written and the event handed over while the directory still is in `live/`; the
 * rename to `done/` comes last. So `live/` with a summary means: hand over (again, under the same uuid), then rename.
 * Race R22: a recoverer sees the socket closed before our rename, and takes the directory. Ours then finds nothing to rename; the
 * recoverer finds our summary, and hands over the same event.
 */
import fs from 'node:fs'
import type { Attribution, EventSink } from '../events/event-sink.ts'
import { errorCode } from '../files/read-small-file.ts'
import { writeByRename } from '../files/write-by-rename.ts'
import { currentInstance, type ProcessInstance } from '../platform/process-instance.ts'
import { NO_COUNTERS } from './counters-at-start.ts'
import { makeFolder } from './make-folder.ts'
import { holdOwnerSocket, type OwnerSocket } from './owner-socket.ts'
import { isItsTurn, tidySessions } from './retention.ts'
import { RECORD_FILE, type SessionsLayout, sessionsLayout, SUMMARY_FILE, TRACE_FILE } from './session-layout.ts'
import { encodeSessionRecord, type Enrolment, type SessionRecord } from './session-record.ts'
import { appendToIndex } from './sessions-index.ts'
import { sessionSummarized, type SessionSummary } from './summary.ts'
import { writeSummary } from './write-summary.ts'

export interface SessionDirectoryOptions {
  /** `<state directory>/telemetry/sessions`; null: nowhere, memory alone. */
  readonly root: string | null
  /** UUIDv7 of its beginning; also the uuid of its event. */
  readonly sessionId: string
  /** Null: nothing of it is ever sent. */
  readonly attribution: Attribution | null
  /** Gets the summary's event, also of a degraded session. Null: nobody does. */
  readonly sink: EventSink | null
  /** For tests. @default Date.now */
  readonly now?: () => number
}

export interface SessionDirectory {
  readonly sessionId: string
  /** Null: it could not be made. */
  readonly path: string | null
  /** Why not everything is on disk: an errno code, or `no-directory`. Null: all is well. */
  readonly degraded: string | null
  /** Says which process it is, before the gate opens. Until then the record knows of none. */
  enrol(enrolment: Enrolment): void
  /** One line of `proc_trace.jsonl`, in one write. */
  append(row: object): void
  /** The end: summary, anomalies if any, event, `done/`, index. Only the first call counts. */
  finish(summary: SessionSummary, anomalies: readonly object[]): void
  /** Lets go without an end: as if killed. Idempotent. */
  close(): void
}

/** What a session's end may take for the others' sake; to look at 500 of them takes 35 on a busy machine, their names alone 1. */
const TIDYING_MS = 50

/** Of a session whose workload has not been started. */
const UNKNOWN_WORKLOAD: Omit<Enrolment, 'start_ts'> = {
  pid: null,
  starttime_ticks: null,
  comm: null,
  expected_comm: null,
  trace_status: 'unresolved',
  counters: NO_COUNTERS,
}

export function openSessionDirectory(options: SessionDirectoryOptions): SessionDirectory {
  return new OpenSession(options)
}

class OpenSession implements SessionDirectory {
  readonly sessionId: string
  path: string | null = null
  degraded: string | null = null
  readonly #options: SessionDirectoryOptions
  #trace: number | null = null
  #owner: OwnerSocket | null = null
  #tracer: ProcessInstance | null = null
  #finished = false

  constructor(options: SessionDirectoryOptions) {
    this.#options = options
    this.sessionId = options.sessionId
    const { root } = options
    if (root === null) this.degraded = 'no-directory'
    else this.#guarded(() => this.#open(root))
  }

  enrol(enrolment: Enrolment): void {
    const { path } = this
    if (path !== null) this.#guarded(() => this.#record(path, enrolment))
  }

  append(row: object): void {
    const trace = this.#trace
    if (trace === null) return
    this.#guarded(() => writeWhole(trace, `${JSON.stringify(row)}\n`))
  }

  finish(summary: SessionSummary, anomalies: readonly object[]): void {
    if (this.#finished) return
    this.#finished = true
    const { path } = this
    const { root, sink, attribution } = this.#options
    this.#closeTrace()
    if (path !== null) this.#guarded(() => writeSummary(path, summary, anomalies))

    if (sink !== null) this.#guarded(() => sink(sessionSummarized(summary, attribution)))
    this.close()
    if (path === null || root === null || !fs.existsSync(`${path}/${SUMMARY_FILE}`)) return
    this.#guarded(() => {
      const layout = sessionsLayout(root)
      makeFolder(layout.done)
      fs.renameSync(path, `${layout.done}/${this.sessionId}`)
      this.path = `${layout.done}/${this.sessionId}`
      appendToIndex(layout, summary)
    })
    this.#tidy(sessionsLayout(root))
  }

  /** Where no reporter ever runs, somebody has to keep the bounds. After everything else, and not for long. */
  #tidy(layout: SessionsLayout): void {
    const isThorough = isItsTurn(this.sessionId)
    try {
      tidySessions(layout, { nowMs: this.#now(), isThorough, untilMs: performance.now() + TIDYING_MS })
    } catch {
      // not this session's trouble; the next one tries again
    }
  }

  close(): void {
    this.#closeTrace()
    this.#owner?.close()
    this.#owner = null
  }

  #open(root: string): void {
    const { live } = sessionsLayout(root)
    makeFolder(live)
    const path = `${live}/${this.sessionId}`
    fs.mkdirSync(path, { mode: 0o700 })
    this.path = path
    // The owner before the record: who can read the record can ask the owner.
    this.#owner = holdOwnerSocket(path, this.sessionId)
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_APPEND } = fs.constants
    this.#trace = fs.openSync(`${path}/${TRACE_FILE}`, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_APPEND, 0o600)
    writeWhole(this.#trace, asLine({ schema_version: 2, session_id: this.sessionId }))
    this.#record(path, { ...UNKNOWN_WORKLOAD, start_ts: new Date(this.#now()).toISOString() })
  }

  #record(path: string, enrolment: Enrolment): void {
    const tracer = (this.#tracer ??= currentInstance())
    const { boot_id, pid_namespace, host_name } = tracer
    const record: SessionRecord = {
      schema_version: 2,
      session_id: this.sessionId,
      ...enrolment,
      boot_id,
      enrolled_at: new Date(this.#now()).toISOString(),
      pid_namespace,
      host_name,
      tracer,
      owner_socket: this.#owner?.elsewhere ?? null,
      attribution: this.#options.attribution,
    }
    writeByRename(`${path}/${RECORD_FILE}`, encodeSessionRecord(record))
  }

  #now(): number {
    const { now = Date.now } = this.#options
    return now()
  }

  #guarded(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.degraded ??= errorCode(error)
      this.#closeTrace() // what comes after a gap would be taken for the whole
    }
  }

  #closeTrace(): void {
    const trace = this.#trace
    this.#trace = null
    if (trace === null) return
    try {
      fs.closeSync(trace)
    } catch (error) {
      this.degraded ??= errorCode(error)
    }
  }
}

function asLine(value: object): string {
  return `${JSON.stringify(value)}\n`
}

/** A full disk can take half a line; the rest is no line any more. */
function writeWhole(descriptor: number, line: string): void {
  const bytes = Buffer.from(line)
  if (fs.writeSync(descriptor, bytes) !== bytes.length)
    throw Object.assign(new Error('short write of a trace line'), { code: 'ENOSPC' })
}
