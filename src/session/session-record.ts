/**
 * `session.json`: what is known of a session before its workload's first instruction, and all that a recoverer needs to speak for
 * it later. Written by rename, twice: before anything is started, and again with the process before the gate opens. Both ends of the
 * format live here.
 */
import type { Attribution } from '../events/event-sink.ts'
import { isUuid } from '../events/envelope.ts'
import type { CountersAtStart } from './counters-at-start.ts'
import { isProcessInstance, type ProcessInstance } from '../platform/process-instance.ts'

export interface SessionRecord {
  readonly schema_version: 2
  readonly session_id: string
  /** The workload's: pid, start in clock ticks after boot, name. Null where it could not be resolved. */
  readonly pid: number | null
  readonly starttime_ticks: number | null
  readonly comm: string | null
  /** What the kernel will call it after its exec: 15 bytes of its file's name. Says who it was if nobody looked again. */
  readonly expected_comm: string | null
  readonly boot_id: string | null
  /** ISO 8601, UTC: when the gate was about to open. */
  readonly enrolled_at: string
  readonly start_ts: string
  /** `pid:[4026531836]` */
  readonly pid_namespace: string | null
  readonly host_name: string | null
  /** Who watches. */
  readonly tracer: ProcessInstance
  /** Where the owner listens; null: `owner.sock` beside this file. */
  readonly owner_socket: string | null
  readonly counters: CountersAtStart
  readonly trace_status: TraceStatus
  readonly attribution: Attribution | null
}

export type TraceStatus = 'full' | 'degraded' | 'unresolved' | 'unsupported'

/** What the caller of enrol() knows; the rest is the directory's. */
export type Enrolment = Pick<
  SessionRecord,
  'pid' | 'starttime_ticks' | 'comm' | 'expected_comm' | 'start_ts' | 'trace_status' | 'counters'
>

export type ParsedRecord =
  | { readonly kind: 'record'; readonly record: SessionRecord }
  /** A newer version's: left to it. */
  | { readonly kind: 'future-schema' }
  | { readonly kind: 'torn' }

export function encodeSessionRecord(record: SessionRecord): string {
  return `${JSON.stringify(record)}\n`
}

export function parseSessionRecord(text: string): ParsedRecord {
  let value: Partial<SessionRecord> | null
  try {
    value = JSON.parse(text) as Partial<SessionRecord> | null
  } catch {
    return { kind: 'torn' }
  }
  if (typeof value !== 'object' || value === null || typeof value.schema_version !== 'number') return { kind: 'torn' }
  if (value.schema_version > 2) return { kind: 'future-schema' }
  return isSessionRecord(value) ? { kind: 'record', record: value } : { kind: 'torn' }
}

function isSessionRecord(value: Partial<Record<keyof SessionRecord, unknown>>): value is SessionRecord {
  return (
    value.schema_version === 2 &&
    isUuid(value.session_id) &&
    isNullOr('number', value.pid) &&
    isNullOr('number', value.starttime_ticks) &&
    isNullOr('string', value.comm) &&
    isNullOr('string', value.expected_comm) &&
    isNullOr('string', value.boot_id) &&
    isNullOr('string', value.pid_namespace) &&
    isNullOr('string', value.host_name) &&
    isNullOr('string', value.owner_socket) &&
    isMoment(value.enrolled_at) &&
    isMoment(value.start_ts) &&
    isProcessInstance(value.tracer) &&
    typeof value.counters === 'object' &&
    value.counters !== null &&
    ['full', 'degraded', 'unresolved', 'unsupported'].includes(String(value.trace_status)) &&
    isNullOr('object', value.attribution)
  )
}

function isNullOr(type: string, value: unknown): boolean {
  // oxlint-disable-next-line valid-typeof -- the types are those of this file
  return value === null || typeof value === type
}

function isMoment(value: unknown): boolean {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value))
}
