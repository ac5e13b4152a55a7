/**
 * A session's directory, from before its workload's first instruction until it is done. Nothing here throws: a write that fails
 * closes the trace, sets `degraded`, and the run goes on.
 *
 * Race R20: a SIGKILL between mkdir and `session.json` leaves a directory that says nothing: not enrolled, and after a day set aside.
 * Race R21: a SIGKILL while finishing. The summary is written and the event handed over while the directory still is in `live/`; the
 * rename to `done/` comes last. So `live/` with a summary means: hand over (again, under the same uuid), then rename.
 * Race R22: a recoverer sees the socket closed before our rename, and takes the directory. Ours then finds nothing to rename; the
 * recoverer finds our summary, and hands over the same event.
 */
import fs from 'node:fs'
import type { Attribution, EventSink } from '../events/event-sink.ts'
import { errorCode } from '../files/read-small-file.ts'
import { writeByRename } from '../files/write-by-rename.ts'
import { currentInstance } from '../platform/process-instance.ts'
import { holdOwnerSocket, type OwnerSocket } from './owner-socket.ts'
import { ANOMALIES_FILE, RECORD_FILE, sessionsLayout, SUMMARY_FILE, TRACE_FILE } from './session-layout.ts'
import { encodeSessionRecord, type Enrolment } from './session-record.ts'
import { appendToIndex } from './sessions-index.ts'
import { sessionSummarized, type SessionSummary } from './summary.ts'

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
  /** Before the gate opens. */
  enrol(enrolment: Enrolment): void
  /** One line of `proc_trace.jsonl`, in one write. */
  append(row: object): void
  /** The end: summary, anomalies if any, event, `done/`, index. Only the first call counts. */
  finish(summary: SessionSummary, anomalies: readonly object[]): void
  /** Lets go without an end: as if killed. Idempotent. */
  close(): void
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
    if (path === null) return
    const { now = Date.now, attribution } = this.#options
    const tracer = currentInstance()
    const { boot_id, pid_namespace, host_name } = tracer
    this.#guarded(() =>
      writeByRename(
        `${path}/${RECORD_FILE}`,
        encodeSessionRecord({
          schema_version: 2,
          session_id: this.sessionId,
          ...enrolment,
          boot_id,
          enrolled_at: new Date(now()).toISOString(),
          pid_namespace,
          host_name,
          tracer,
          owner_socket: this.#owner?.elsewhere ?? null,
          attribution,
        }),
      ),
    )
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
    if (path !== null)
      this.#guarded(() => {
        if (anomalies.length > 0) writeByRename(`${path}/${ANOMALIES_FILE}`, anomalies.map(asLine).join(''))
        writeByRename(`${path}/${SUMMARY_FILE}`, `${JSON.stringify(summary)}\n`)
      })
    if (sink !== null) this.#guarded(() => sink(sessionSummarized(summary, attribution)))
    this.close()
    if (path === null || root === null || !fs.existsSync(`${path}/${SUMMARY_FILE}`)) return
    this.#guarded(() => {
      const layout = sessionsLayout(root)
      fs.mkdirSync(layout.done, { recursive: true, mode: 0o700 })
      fs.renameSync(path, `${layout.done}/${this.sessionId}`)
      this.path = `${layout.done}/${this.sessionId}`
      appendToIndex(layout, summary)
    })
  }

  close(): void {
    this.#closeTrace()
    this.#owner?.close()
    this.#owner = null
  }

  #open(root: string): void {
    const { live } = sessionsLayout(root)
    fs.mkdirSync(live, { recursive: true, mode: 0o700 })
    const path = `${live}/${this.sessionId}`
    fs.mkdirSync(path, { mode: 0o700 })
    this.path = path
    // The owner before the record: who can read the record can ask the owner.
    this.#owner = holdOwnerSocket(path, this.sessionId)
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_APPEND } = fs.constants
    this.#trace = fs.openSync(`${path}/${TRACE_FILE}`, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_APPEND, 0o600)
    writeWhole(this.#trace, asLine({ schema_version: 2, session_id: this.sessionId }))
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
