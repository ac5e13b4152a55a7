/**
 * The catalogue: every event this SDK sends and every property it may carry. The one source of the event names, of the types
 * of the properties, of the allow-list that recorder and reporter hold them to, and of docs/events.md (whose words are in
 * catalogue-docs.ts, so that no prose is loaded into a host).
 *
 * A property is a shape by name (shapes.ts); a `?` after it says that the property may be absent.
 */
import type { ShapeName, ShapeValues } from './shapes.ts'

type Table = { readonly [property: string]: ShapeName | `${ShapeName}?` }

/** PostHog looks up the sender's address and stores it unless told not to, event by event. */
export const ALWAYS = { $geoip_disable: 'true', $ip: 'null' } as const

export const COMMAND = {
  command_name: 'command',
  cli_version: 'version',
  runtime_language: 'language',
  runtime_version: 'version',
  os_type: 'os_type',
  os_release: 'os_release?',
  device_start_timestamp: 'milliseconds',
  device_end_timestamp: 'milliseconds?',
  duration: 'milliseconds?',
  exit_code: 'integer?',
  is_ci: 'boolean',
  is_tty: 'boolean',
  delivery: 'delivery',
  properties_dropped: 'count?',
} as const

export const SUCCESS = { outcome: 'ok' } as const

export const FAILURE = {
  outcome: 'failure',
  signal: 'signal?',
  error_class: 'name?',
  error_code: 'name?',
  error_message: 'message?',
} as const

export const DROPPED = {
  dropped: 'count',
  dropped_commands: 'count?',
  dropped_sessions: 'count?',
  dropped_others: 'count?',
  dropped_too_old: 'count?',
  dropped_too_many: 'count?',
  dropped_too_large: 'count?',
  dropped_damaged: 'count?',
  dropped_rejected: 'count?',
} as const

export const ALIAS = { distinct_id: 'id', alias: 'id' } as const

export const EXCEPTION = {
  command_name: 'command',
  cli_version: 'version',
  $exception_list: 'exceptions',
  $exception_fingerprint: 'fingerprint',
  $exception_level: 'level',
} as const

export const SESSION = {
  duration: 'milliseconds',
  exit_code: 'integer?',
  signal: 'process_signal?',
  subtype: 'session_subtype',
  termination_reason: 'termination',
  snapshot_count: 'count',
  anomaly_count: 'count',
  anomaly_kinds: 'anomaly_kinds',
  peak_rss_kb: 'count?',
  peak_oom_score: 'count?',
  peak_fd_ratio: 'ratio?',
  tracked_comm: 'comm?',
  tracked_comm_drift: 'boolean',
  trace_status: 'trace_status',
  recovered: 'boolean',
} as const

export const CDP_CONNECT = {
  connection_id: 'connection',
  ts_us: 'count',
  target: 'cdp_target',
  upstream_id: 'short_hash',
  dial_ms: 'milliseconds',
  client_agent: 'agent?',
  deflate_offered: 'boolean',
} as const

export const CDP_DISCONNECT = {
  connection_id: 'connection',
  ts_us: 'count',
  reason: 'cdp_reason',
  closed_by: 'cdp_side',
  how: 'cdp_how',
  close_code: 'count?',
  close_reason: 'message?',
  confirmed: 'boolean',
  ambiguous: 'boolean?',
  loop_delay_ms: 'milliseconds?',
  browser_alive: 'boolean?',
  requested: 'cdp_request?',
  duration_ms: 'milliseconds?',
  messages_up: 'count?',
  messages_down: 'count?',
  bytes_up: 'count?',
  bytes_down: 'count?',
  message_count: 'count?',
  midframe: 'boolean?',
  paused: 'boolean?',
  telemetry_dropped: 'count',
} as const

/** Made by a call that bundlers know to be pure: a host, which never looks into it, does not carry it. */
export const CATALOGUE: {
  readonly 'CLI execution succeeded': typeof ALWAYS & typeof COMMAND & typeof SUCCESS
  readonly 'CLI execution failed': typeof ALWAYS & typeof COMMAND & typeof FAILURE
  readonly 'CLI session summarized': typeof ALWAYS & typeof SESSION
  readonly cdp_connect: typeof ALWAYS & typeof CDP_CONNECT
  readonly cdp_disconnect: typeof ALWAYS & typeof CDP_DISCONNECT
  readonly 'telemetry dropped': typeof ALWAYS & typeof DROPPED
  readonly $create_alias: typeof ALWAYS & typeof ALIAS
  readonly $exception: typeof ALWAYS & typeof EXCEPTION
} = /* @__PURE__ */ (() => ({
  'CLI execution succeeded': { ...ALWAYS, ...COMMAND, ...SUCCESS },
  'CLI execution failed': { ...ALWAYS, ...COMMAND, ...FAILURE },
  'CLI session summarized': { ...ALWAYS, ...SESSION },
  cdp_connect: { ...ALWAYS, ...CDP_CONNECT },
  cdp_disconnect: { ...ALWAYS, ...CDP_DISCONNECT },
  'telemetry dropped': { ...ALWAYS, ...DROPPED },
  $create_alias: { ...ALWAYS, ...ALIAS },
  $exception: { ...ALWAYS, ...EXCEPTION },
}))()

export type EventName = keyof typeof CATALOGUE
export type PropertyName<E extends EventName = EventName> = E extends EventName
  ? Extract<keyof (typeof CATALOGUE)[E], string>
  : never

type ValueOf<Spec> = Spec extends `${infer S extends ShapeName}?`
  ? ShapeValues[S]
  : Spec extends ShapeName
    ? ShapeValues[Spec]
    : never

type PropertiesOf<T> = {
  readonly [P in keyof T as T[P] extends `${string}?` ? never : P]: ValueOf<T[P]>
} & { readonly [P in keyof T as T[P] extends `${string}?` ? P : never]?: ValueOf<T[P]> }

/** What an event's properties are, at compile time: `?` becomes an optional property. */
export type EventProperties<E extends EventName> = PropertiesOf<(typeof CATALOGUE)[E]>

/** The two events about commands: the only ones that also carry what the host declares (host-properties.ts). */
export type CommandEventName = Extract<EventName, `CLI execution ${string}`>

export function isEventName(event: string): event is EventName {
  return Object.hasOwn(CATALOGUE, event)
}

export function isCommandEvent(event: string): event is CommandEventName {
  return event === 'CLI execution succeeded' || event === 'CLI execution failed'
}

/** The shape the catalogue gives a property of an event, `undefined` for one it does not know. */
export function shapeOf(event: EventName, property: string): ShapeName | undefined {
  const table: Table = CATALOGUE[event]
  if (!Object.hasOwn(table, property)) return undefined
  return table[property]?.replace('?', '') as ShapeName
}

/**
 * What the events of a tracker carry. Not those of sessions and of the proxy: a host's own properties never meet them, and their
 * tables would be 2 kB more for each host to load.
 */
const TRACKER_TABLES: readonly Table[] = [ALWAYS, COMMAND, SUCCESS, FAILURE, DROPPED, ALIAS, EXCEPTION]

/** True for a property that a tracker's own events carry: a host cannot declare it again. */
export function isReservedProperty(property: string): boolean {
  return TRACKER_TABLES.some((table) => Object.hasOwn(table, property))
}
