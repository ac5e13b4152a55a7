/**
 * The catalogue in words, for docs/events.md and the program's help: complete by its types. Apart from catalogue.ts so that no
 * prose is loaded into a host.
 */
import type {
  ALIAS,
  ALWAYS,
  CDP_CONNECT,
  CDP_DISCONNECT,
  COMMAND,
  DROPPED,
  EventName,
  EXCEPTION,
  FAILURE,
  PropertyName,
  SESSION,
  SUCCESS,
} from './catalogue.ts'
import type { ShapeName } from './shapes.ts'

export interface PropertyDoc {
  readonly description: string
  /** When the property is there. */
  readonly present: string
}

export interface EventDoc<E extends EventName> {
  readonly when: string
  readonly properties: { readonly [P in PropertyName<E>]: PropertyDoc }
}

type Docs<Table> = { readonly [P in keyof Table]: PropertyDoc }

const always = (description: string): PropertyDoc => ({ description, present: 'always' })
const when = (present: string, description: string): PropertyDoc => ({ description, present })

const ALWAYS_DOCS: Docs<typeof ALWAYS> = {
  $geoip_disable: always('PostHog shall not look up where the sender is.'),
  $ip: always("PostHog shall not store the sender's address."),
}

const COMMAND_DOCS: Docs<typeof COMMAND> = {
  command_name: always("The command's path in the program's own definition, joined by dots. Never what was typed."),
  cli_version: always('The version the host gave to `CommandTracker`.'),
  runtime_language: always('What the program runs on.'),
  runtime_version: always('Version of Node.'),
  os_type: always('`os.type()`, such as `Linux`.'),
  os_release: when('if it begins with a digit', '`os.release()`, its leading digits and dots.'),
  device_start_timestamp: always(
    'Monotonic clock of the machine when the command began, in milliseconds. Not a time of day.',
  ),
  device_end_timestamp: when('unless `crashed`', 'The same clock when the command ended.'),
  duration: when('unless `crashed`', 'From start to end in milliseconds.'),
  exit_code: when('unless `crashed`', 'The exit code of the process, as far as it was known.'),
  is_ci: always('Whether a continuous-integration service was recognised.'),
  is_tty: always('Whether the program wrote to a terminal.'),
  delivery: always(
    'How the event was to leave: a detached reporter, a bounded child that is waited for, or a later command.',
  ),
  properties_dropped: when(
    'if there were any',
    'How many properties of the host were left out because they were not declared or not of their type.',
  ),
}

const SUCCESS_DOCS: Docs<typeof SUCCESS> = { outcome: always('The command ended well; `process.exit(0)` is well.') }

const FAILURE_DOCS: Docs<typeof FAILURE> = {
  outcome: always(
    '`error`: it failed. `usage_error`: the arguments were wrong. `cancelled`: Ctrl-C, or a prompt was left. `terminated`: SIGTERM or SIGHUP. `crashed`: the process was gone and had said nothing.',
  ),
  signal: when('if a signal ended it', 'The signal.'),
  error_class: when('if something was thrown', 'The name of its class; for what is no object its type.'),
  error_code: when('if it has a `code` that is a string', 'The code, such as `ENOENT`.'),
  error_message: when(
    "if something was thrown and the host did not set `errorMessages: 'omit'`",
    'The message on one line after redaction: paths, URLs, addresses, quotations, values of assignments, long numbers and whatever looks like a secret are placeholders. Messages over 4 KiB are left out.',
  ),
}

const DROPPED_DOCS: Docs<typeof DROPPED> = {
  dropped: always('How many events, all reasons together.'),
  dropped_commands: when('if any', 'Of those, events about commands.'),
  dropped_sessions: when('if any', 'Of those, summaries of traced sessions.'),
  dropped_others: when('if any', 'Of those, other events, and files that did not say what they were.'),
  dropped_too_old: when('if any', 'Because they had waited for more than 30 days.'),
  dropped_too_many: when('if any', 'Because more than 1,000 waited.'),
  dropped_too_large: when('if any', 'Because more than 5 MiB waited, or one was over 32 KiB.'),
  dropped_damaged: when('if any', 'Because a file was empty or torn.'),
  dropped_rejected: when('if any', 'Because the endpoint refused them for good.'),
}

const ALIAS_DOCS: Docs<typeof ALIAS> = {
  distinct_id: always('The id of the principal who signed in, as the host gave it.'),
  alias: always('The random id of this installation, whose history from now on is the principal’s.'),
}

const EXCEPTION_DOCS: Docs<typeof EXCEPTION> = {
  command_name: COMMAND_DOCS.command_name,
  cli_version: COMMAND_DOCS.cli_version,
  $exception_list: always(
    "One exception: `type` is the `error_class`, `value` the `error_message` (or `(omitted)`), `mechanism`, and `stacktrace` with at most 20 frames of the host's own code: function, file name without its folder, line, column. No source lines, nothing of `node_modules`.",
  ),
  $exception_fingerprint: always('Command and `error_code` (or `error_class`): what makes two failures one issue.'),
  $exception_level: always('PostHog’s level of severity.'),
}

const SESSION_DOCS: Docs<typeof SESSION> = {
  duration: always('From start to end in milliseconds; of a recovered session to its last sign of life.'),
  exit_code: when('if a process ended', 'The exit code of the workload; -1 if nobody saw it end.'),
  signal: when('if a signal ended it', 'The signal.'),
  subtype: always('`crashed`: the tracer was gone, and what it had written was recovered.'),
  termination_reason: always('What ended it.'),
  snapshot_count: always('How often the process was looked at.'),
  anomaly_count: always('How many anomalies were seen.'),
  anomaly_kinds: always('Which kinds of them.'),
  peak_rss_kb: when('if it could be read', 'The most memory it held, in KiB.'),
  peak_oom_score: when(
    'if it could be read',
    'The highest score the kernel gave it for being killed when memory runs out.',
  ),
  peak_fd_ratio: when('if it could be read', 'The most open descriptors, by the limit.'),
  tracked_comm: when('if it is known', "The process's name as the kernel has it. Never its command line."),
  tracked_comm_drift: always('Whether it had more than one name.'),
  trace_status: always('How much could be watched.'),
  recovered: always('Whether somebody other than its tracer wrote this.'),
}

const CDP_CONNECT_DOCS: Docs<typeof CDP_CONNECT> = {
  connection_id: always('A random id, the same in both events of a connection.'),
  ts_us: always('Microseconds since 1970: when the client asked.'),
  target: always('Whether the client dialled the browser or one page.'),
  upstream_id: always("Hash of the browser's own id. Never its address."),
  dial_ms: always('Until the browser had accepted, or until the proxy gave up.'),
  client_agent: when('if the client sent a User-Agent', 'Its first product, such as `Playwright/1.65.1`.'),
  deflate_offered: always('Whether the client offered to compress.'),
}

const UNLESS_LOST = 'unless `how` is `lost`'

const CDP_DISCONNECT_DOCS: Docs<typeof CDP_DISCONNECT> = {
  connection_id: always('As in `cdp_connect`.'),
  ts_us: always('Microseconds since 1970: the first cause, not the verdict. Of a lost one: its beginning.'),
  reason: always(
    'Why it ended. `upstream_changed`: the browser restarted. `upstream_error`: it ended, and no new one came. `target_closed`: its tab did. `upstream_unresponsive`: it no longer answered.',
  ),
  closed_by: always('Which side ended first.'),
  how: always('How that was seen. `lost`: the proxy itself was killed, and a later run says so.'),
  close_code: when('if a close frame was seen', 'Its code.'),
  close_reason: when('if a close frame gave one', 'Its text, redacted.'),
  confirmed: always('False: the verdict had to be given before all was known.'),
  ambiguous: when(UNLESS_LOST, 'Both sides ended so close together that the evidence decided, not the order.'),
  loop_delay_ms: when(UNLESS_LOST, 'How late the proxy was when it saw the end; 0 unless ambiguous.'),
  browser_alive: when('after an end by the browser, if it was asked', 'Whether the browser still answered.'),
  requested: when('if the client did it', 'The act of the client that explains an end by the browser.'),
  duration_ms: when(UNLESS_LOST, 'From the beginning to the first cause.'),
  messages_up: when(UNLESS_LOST, 'Messages from the client.'),
  messages_down: when(UNLESS_LOST, 'Messages from the browser.'),
  bytes_up: when(UNLESS_LOST, 'Bytes from the client.'),
  bytes_down: when(UNLESS_LOST, 'Bytes from the browser.'),
  message_count: when(UNLESS_LOST, 'Messages of both.'),
  midframe: when(UNLESS_LOST, 'Whether it was cut inside a message.'),
  paused: when(UNLESS_LOST, 'Whether the end may have been seen late, because the other side read slowly.'),
  telemetry_dropped: always('How many events of this connection could not be recorded.'),
}

export const EVENT_DOCS: { readonly [E in EventName]: EventDoc<E> } = {
  'CLI execution succeeded': {
    when: 'Once per command that ended with outcome `ok`.',
    properties: { ...ALWAYS_DOCS, ...COMMAND_DOCS, ...SUCCESS_DOCS },
  },
  'CLI execution failed': {
    when: 'Once per command that ended in any other way, whatever ended it.',
    properties: { ...ALWAYS_DOCS, ...COMMAND_DOCS, ...FAILURE_DOCS },
  },
  'CLI session summarized': {
    when: 'Once per traced session, when it ended or when what a dead tracer left was recovered.',
    properties: { ...ALWAYS_DOCS, ...SESSION_DOCS },
  },
  cdp_connect: {
    when: 'When a client of the CDP proxy has dialled, whether or not there was a browser that answered.',
    properties: { ...ALWAYS_DOCS, ...CDP_CONNECT_DOCS },
  },
  cdp_disconnect: {
    when: 'Once for each `cdp_connect`, when that connection had ended.',
    properties: { ...ALWAYS_DOCS, ...CDP_DISCONNECT_DOCS },
  },
  'telemetry dropped': {
    when: 'When the bounds on what may wait on disk made events be dropped.',
    properties: { ...ALWAYS_DOCS, ...DROPPED_DOCS },
  },
  $create_alias: {
    when: 'When somebody signed in for the first time on this installation.',
    properties: { ...ALWAYS_DOCS, ...ALIAS_DOCS },
  },
  $exception: {
    when: 'Beside `CLI execution failed` if something was thrown, only if the host asks for it (`exceptions: true`).',
    properties: { ...ALWAYS_DOCS, ...EXCEPTION_DOCS },
  },
}

/** Each shape in words; code and enumerations in backquotes. */
export const SHAPE_DOCS: { readonly [S in ShapeName]: string } = {
  true: '`true`',
  null: '`null`',
  boolean: 'boolean',
  integer: 'integer',
  count: 'integer from 0',
  milliseconds: 'milliseconds, two decimals',
  command: '`[a-z0-9][\\w.:-]{0,99}`, else `(invalid)`',
  version: '`[\\w.+-]{1,64}`, else `(other)`',
  language: '`node`',
  os_type: '`\\w{1,32}`, else `(other)`',
  os_release: 'digits and dots',
  ok: '`ok`',
  failure: '`error`, `usage_error`, `cancelled`, `terminated`, `crashed`',
  signal: '`SIGINT`, `SIGTERM`, `SIGHUP`',
  name: '`[A-Za-z][\\w.]{0,63}`, else `(other)`',
  message: 'redacted text, 1 to 300 characters',
  delivery: '`detached`, `inline`, `spool-only`',
  id: '1 to 200 characters',
  exceptions: 'list of one object',
  fingerprint: '`[\\w.:()-]{1,64}`',
  level: '`error`',
  session_subtype: '`success`, `failed`, `crashed`',
  termination:
    '`natural_exit`, `completed`, `stale`, `idle_stall`, `timed_out`, `signaled`, `oom_killed`, `cancelled`, `spawn_failed`, `tracer_lost`, `crashed`, `reboot`',
  trace_status: '`full`, `degraded`, `unresolved`, `unsupported`',
  process_signal: '`SIG[A-Z0-9]{1,10}`',
  anomaly_kinds: 'list of at most 32 `[a-z][a-z_]{0,39}`',
  ratio: 'number from 0',
  comm: '`[\\w.+:-]{1,15}`, else `(other)`',
  connection: '`[0-9a-f-]{8,36}`',
  agent: '`[\\w.+-]{1,32}`, with another after a slash',
  short_hash: '`[0-9a-f]{8,64}`',
  cdp_target: '`browser`, `page`',
  cdp_reason:
    '`client_close`, `context_cancelled`, `upstream_changed`, `upstream_error`, `target_closed`, `upstream_unresponsive`',
  cdp_side: '`client`, `upstream`, `proxy`',
  cdp_how: '`close_frame`, `fin`, `reset`, `probe_timeout`, `url_change`, `shutdown`, `dial_failed`, `lost`',
  cdp_request:
    '`Browser.close`, `Browser.crash`, `Target.closeTarget`, `oversize_message`, `binary_frame`, `unmasked_frame`',
}
