/** The shapes a catalogued value may have: closed, each with its type and its run-time check. No shape admits free text. */
import type { EndSignal, Outcome } from '../tracker/command-outcome.ts'
import { type Check, passes } from './check.ts'
import type { ExceptionList } from './exception-list.ts'
import type { ObservedValues } from './observed-shapes.ts'

export interface ShapeValues extends ObservedValues {
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
}
export type ShapeName = keyof ShapeValues
/** Those of the events that a tracker records: all that a host loads. The others: observed-shapes.ts. */
type TrackerShapeName = Exclude<ShapeName, keyof ObservedValues>

export const MESSAGE_LENGTH_MAX: number = 300
export const ID_LENGTH_MAX: number = 200

const CHECKS: { readonly [S in TrackerShapeName]: Check } = {
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
}

/** Whether a value may leave under this shape of a tracker's event. Never throws. */
export function fits<S extends TrackerShapeName>(shape: S, value: unknown): value is ShapeValues[S] {
  return passes(CHECKS[shape], value)
}
