/**
 * Shapes of what sessions and the proxy observed; those of a tracker's own events are in shapes.ts. Apart, because a host loads
 * those on every start, and these never.
 */
import type { Check } from './check.ts'

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

export interface ObservedValues {
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

export const OBSERVED_CHECKS: { readonly [S in keyof ObservedValues]: Check } = {
  session_subtype: ['success', 'failed', 'crashed'] satisfies ObservedValues['session_subtype'][],
  termination: SESSION_TERMINATIONS,
  trace_status: ['full', 'degraded', 'unresolved', 'unsupported'] satisfies ObservedValues['trace_status'][],
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
