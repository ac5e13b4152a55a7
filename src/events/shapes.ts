/** The shapes a catalogued value may have: closed, each with its type and its run-time check. No shape admits free text. */
import type { EndSignal, Outcome } from '../tracker/command-outcome.ts'
import type { ExceptionList } from './exception-list.ts'

export interface ShapeValues {
  true: true
  null: null
  boolean: boolean
  integer: number
  /** An integer from 0. */
  count: number
  /** From 0, two decimals. */
  milliseconds: number
  command: string
  version: string
  language: 'node'
  os_type: string
  os_release: string
  ok: 'ok'
  failure: Exclude<Outcome, 'ok'>
  signal: EndSignal
  name: string
  message: string
  /** How an event leaves: a detached reporter, a bounded child that is waited for, or whoever comes next. */
  delivery: 'detached' | 'inline' | 'spool-only'
  id: string
  exceptions: ExceptionList
  fingerprint: string
  level: 'error'
  session_subtype: 'success' | 'failed' | 'crashed'
  termination: SessionTermination
  trace_status: 'full' | 'degraded' | 'unresolved' | 'unsupported'
  process_signal: string
  anomaly_kinds: readonly string[]
  /** From 0, such as open descriptors by their limit. */
  ratio: number
  comm: string
  connection: string
  short_hash: string
  agent: string
  cdp_target: (typeof CDP_TARGETS)[number]
  cdp_reason: (typeof CDP_REASONS)[number]
  cdp_side: (typeof CDP_SIDES)[number]
  cdp_how: (typeof CDP_HOWS)[number]
  cdp_request: (typeof CDP_REQUESTS)[number]
}
export type ShapeName = keyof ShapeValues

/** How a traced session can end; session/termination.ts decides. */
const SESSION_TERMINATIONS = [
  'natural_exit',
  'completed',
  'stale',
  'idle_stall',
  'timed_out',
  'signaled',
  'oom_killed',
  'cancelled',
  'spawn_failed',
  'tracer_lost',
  'crashed',
  'reboot',
] as const
export type SessionTermination = (typeof SESSION_TERMINATIONS)[number]

const CDP_TARGETS = ['browser', 'page'] as const
const CDP_REASONS = [
  'client_close',
  'context_cancelled',
  'upstream_changed',
  'upstream_error',
  'target_closed',
  'upstream_unresponsive',
] as const
const CDP_SIDES = ['client', 'upstream', 'proxy'] as const
/** `lost` is nobody's sight: the proxy was killed, and a later run says so. */
const CDP_HOWS = [
  'close_frame',
  'fin',
  'reset',
  'probe_timeout',
  'url_change',
  'shutdown',
  'dial_failed',
  'lost',
] as const
const CDP_REQUESTS = [
  'Browser.close',
  'Browser.crash',
  'Target.closeTarget',
  'oversize_message',
  'binary_frame',
  'unmasked_frame',
] as const

export const MESSAGE_LENGTH_MAX: number = 300
export const ID_LENGTH_MAX: number = 200

type Check = RegExp | readonly (string | true | null)[] | ((value: unknown) => boolean)

const CHECKS: { readonly [S in ShapeName]: Check } = {
  true: [true],
  null: [null],
  boolean: (value) => typeof value === 'boolean',
  integer: (value) => Number.isSafeInteger(value),
  count: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
  milliseconds: (value) => Number.isFinite(value) && (value as number) >= 0,
  command: /^(?:[a-z0-9][\w.:-]{0,99}|\((?:invalid|unknown)\))$/,
  version: /^(?:[\w.+-]{1,64}|\(other\))$/,
  language: ['node'] satisfies ShapeValues['language'][],
  os_type: /^(?:\w{1,32}|\(other\))$/,
  os_release: /^\d{1,10}(?:\.\d{1,10}){0,5}$/,
  ok: ['ok'] satisfies ShapeValues['ok'][],
  failure: ['error', 'usage_error', 'cancelled', 'terminated', 'crashed'] satisfies ShapeValues['failure'][],
  signal: ['SIGINT', 'SIGTERM', 'SIGHUP'] satisfies EndSignal[],
  name: /^(?:[A-Za-z][\w.]{0,63}|\(other\))$/,
  message: (value) => typeof value === 'string' && value !== '' && value.length <= MESSAGE_LENGTH_MAX,
  delivery: ['detached', 'inline', 'spool-only'] satisfies ShapeValues['delivery'][],
  id: (value) => typeof value === 'string' && value !== '' && value.length <= ID_LENGTH_MAX,
  exceptions: (value) => Array.isArray(value) && value.length > 0, // looked into, and made anew, by scrubExceptionList
  fingerprint: /^[\w.:()-]{1,64}$/,
  level: ['error'] satisfies ShapeValues['level'][],
  session_subtype: ['success', 'failed', 'crashed'] satisfies ShapeValues['session_subtype'][],
  termination: SESSION_TERMINATIONS,
  trace_status: ['full', 'degraded', 'unresolved', 'unsupported'] satisfies ShapeValues['trace_status'][],
  process_signal: /^SIG[A-Z0-9]{1,10}$/,
  anomaly_kinds: (value) =>
    Array.isArray(value) && value.length <= 32 && value.every((kind) => /^[a-z][a-z_]{0,39}$/.test(String(kind))),
  ratio: (value) => Number.isFinite(value) && (value as number) >= 0,
  comm: /^(?:[\w.+:-]{1,15}|\(other\))$/,
  connection: /^[0-9a-f-]{8,36}$/,
  agent: /^[\w.+-]{1,32}(?:\/[\w.+-]{1,32})?$/,
  short_hash: /^[0-9a-f]{8,64}$/,
  cdp_target: CDP_TARGETS,
  cdp_reason: CDP_REASONS,
  cdp_side: CDP_SIDES,
  cdp_how: CDP_HOWS,
  cdp_request: CDP_REQUESTS,
}

/** Whether a value may leave under this shape. Never throws. */
export function fits<S extends ShapeName>(shape: S, value: unknown): value is ShapeValues[S] {
  const check = CHECKS[shape]
  if (typeof check === 'function') return check(value)
  if (check instanceof RegExp) return typeof value === 'string' && check.test(value)
  return (check as readonly unknown[]).includes(value)
}
