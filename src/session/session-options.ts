import type { Attribution, EventSink } from '../events/event-sink.ts'
import { DRAIN_WINDOWS, LEAST_COMPLETION_DRAIN_MS } from './drain-windows.ts'
import type { TracerFactory } from './tracer-factory.ts'

/** No limit is on unless it is asked for; null is none. Milliseconds of a monotonic clock. */
export interface SessionLimits {
  /** Wall time of the whole session. @default null */
  readonly timeoutMs?: number | null
  /** Neither stdout nor stderr grew for this long. @default null */
  readonly idleOutputMs?: number | null
  /** `sessionLog` did not grow for this long. @default null */
  readonly staleMs?: number | null
  /** What a workload has to leave by itself once its completion marker was seen. At least 2500, so a proper shutdown is no kill. @default 3000 */
  readonly completionDrainMs?: number
  /** Between SIGTERM and SIGKILL. @default 2000 */
  readonly killGraceMs?: number
  /** After the workload's exit: how long a pipe is listened to that a child in the background still holds. @default 250 */
  readonly outputDrainMs?: number
  /** Of each stream the last so many bytes are in the result. @default 16 MiB */
  readonly keptOutputBytes?: number
}

export interface TerminalSize {
  readonly rows: number
  readonly columns: number
}

export interface SessionOptions {
  /** The program: a path, or a name that is looked up in `env.PATH`. Never a shell line. */
  readonly command: string
  /** @default [] */
  readonly args?: readonly string[]
  /** The workload's whole environment. @default that of this process */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** @default the working directory of this process */
  readonly cwd?: string
  /**
   * Runs the workload in a pseudo-terminal (Linux, `script(1)`). `'auto'`: if stdin, stdout and stderr are one terminal and stdio
   * is inherited. Where there is no `script` the workload runs without. @default 'auto'
   */
  readonly pty?: boolean | 'auto'
  /** Of a pseudo-terminal that does not get it from a real one. @default { rows: 40, columns: 120 } */
  readonly terminalSize?: TerminalSize
  /**
   * `'capture'`: stdout and stderr are in the result, stdin is closed (without a pseudo-terminal) or an open pipe in which nothing is
   * ever written (with one: a closed stdin would be typed as ^D). `'inherit'`: they are this process's own, byte for byte; they
   * are in the result only where a watcher has to read along. @default 'capture'
   */
  readonly stdio?: 'capture' | 'inherit'
  /** Given to the workload on stdin. Not with a pseudo-terminal, which would echo, cut and interpret it. */
  readonly input?: string | Uint8Array
  /** The session is `completed` when this text was in stdout, or in `sessionLog`. @default none */
  readonly completionMarker?: string
  /** A file that the workload appends to: watched for the marker and for growth. @default none */
  readonly sessionLog?: string
  readonly limits?: SessionLimits
  /** Cancels the session. @default none */
  readonly signal?: AbortSignal
  /** Told the workload's pid once it is known, just before its first instruction. An exception of its own is dropped. */
  readonly onStart?: (pid: number) => void
  /** Receives the summary's event. @default none: the summary stays on disk */
  readonly sink?: EventSink
  /** Whom the summary's event is booked to: fixed now, whoever signs in while the session runs. @default null: nothing is sent */
  readonly attribution?: Attribution | null
  /** State directory of the app (`~/.acme`): the session's files are in `telemetry/sessions/` there. @default none: snapshots stay in memory */
  readonly directory?: string
  /** How the workload is watched; null watches nothing. @default the tracer of this package */
  readonly tracer?: TracerFactory | null
}

export interface SessionSettings
  extends Required<Omit<SessionOptions, 'limits' | 'cwd' | 'completionMarker' | 'sessionLog' | OptionalKey>>,
    Pick<SessionOptions, OptionalKey> {
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly completionMarker: string | null
  readonly sessionLog: string | null
  readonly limits: Required<SessionLimits>
}

type OptionalKey = 'input' | 'signal' | 'onStart' | 'sink' | 'directory' | 'tracer' | 'attribution'

const KNOWN_LIMITS: Required<SessionLimits> = {
  timeoutMs: null,
  idleOutputMs: null,
  staleMs: null,
  completionDrainMs: DRAIN_WINDOWS.completion,
  killGraceMs: DRAIN_WINDOWS.killGrace,
  outputDrainMs: DRAIN_WINDOWS.output,
  keptOutputBytes: 16 * 1024 * 1024,
}

/** What each option has to be; an option that is not here is refused. */
const WANTS: { readonly [K in keyof Required<SessionOptions>]: readonly [(value: unknown) => boolean, string] } = {
  command: [isText, 'a path or a name'],
  args: [(v) => Array.isArray(v) && v.every(isArgument), 'strings without NUL'],
  env: [(v) => isObject(v) && Object.values(v).every((x) => x === undefined || isArgument(x)), 'strings by name'],
  cwd: [isText, 'a path'],
  pty: [(v) => typeof v === 'boolean' || v === 'auto', "true, false or 'auto'"],
  terminalSize: [isTerminalSize, '{ rows, columns } from 1 to 9999'],
  stdio: [(v) => v === 'capture' || v === 'inherit', "'capture' or 'inherit'"],
  input: [(v) => typeof v === 'string' || v instanceof Uint8Array, 'text or bytes'],
  completionMarker: [isText, 'a text'],
  sessionLog: [isText, 'a path'],
  limits: [isObject, 'an object'],
  signal: [(v) => v instanceof AbortSignal, 'an AbortSignal'],
  onStart: [(v) => typeof v === 'function', 'a function'],
  sink: [(v) => typeof v === 'function', 'a function'],
  attribution: [(v) => v === null || isObject(v), 'an attribution or null'],
  directory: [isText, 'a path'],
  tracer: [(v) => v === null || typeof v === 'function', 'a function or null'],
}

/** Fills in the defaults. Throws TypeError for an unknown or malformed option, RangeError for a limit out of range. */
export function sessionSettings(
  options: SessionOptions,
  here: { readonly env: Readonly<Record<string, string | undefined>>; readonly cwd: string },
): SessionSettings {
  for (const [key, value] of Object.entries(options)) {
    const wants = WANTS[key as keyof SessionOptions] as (typeof WANTS)['cwd'] | undefined
    if (wants === undefined) throw new TypeError(`session options: unknown option ${JSON.stringify(key)}`)
    if (value !== undefined && !wants[0](value))
      throw new TypeError(`session option ${key}: got ${inWords(value)}, wants ${wants[1]}`)
  }
  if (options.command === undefined) throw new TypeError('session option command: got nothing, wants a path or a name')
  if (options.input !== undefined && options.pty === true)
    throw new TypeError('session option input: got one for a pseudo-terminal, wants pty: false')
  if (options.input !== undefined && options.stdio === 'inherit')
    throw new TypeError("session option input: got one while stdio is inherited, wants stdio: 'capture'")
  const { input, signal, onStart, sink, attribution, directory, tracer } = options
  return {
    command: options.command,
    args: options.args ?? [],
    env: withoutUndefined(options.env ?? here.env),
    cwd: options.cwd ?? here.cwd,
    pty: options.pty ?? 'auto',
    terminalSize: options.terminalSize ?? { rows: 40, columns: 120 },
    stdio: options.stdio ?? 'capture',
    completionMarker: options.completionMarker ?? null,
    sessionLog: options.sessionLog ?? null,
    limits: limitsOf(options.limits ?? {}),
    ...(input === undefined ? {} : { input }),
    ...(signal === undefined ? {} : { signal }),
    ...(onStart === undefined ? {} : { onStart }),
    ...(sink === undefined ? {} : { sink }),
    ...(attribution === undefined ? {} : { attribution }),
    ...(directory === undefined ? {} : { directory }),
    ...(tracer === undefined ? {} : { tracer }),
  }
}

function limitsOf(given: SessionLimits): Required<SessionLimits> {
  for (const [name, value] of Object.entries(given)) {
    if (!(name in KNOWN_LIMITS)) throw new TypeError(`session limits: unknown limit ${JSON.stringify(name)}`)
    if (value === undefined || (value === null && KNOWN_LIMITS[name as keyof SessionLimits] === null)) continue
    // 2^31 - 1 ms is the longest time that a timer of Node keeps; a longer one fires at once.
    const least = name === 'completionDrainMs' ? LEAST_COMPLETION_DRAIN_MS : name === 'outputDrainMs' ? 0 : 1
    if (typeof value !== 'number' || !(value >= least && value <= 2 ** 31 - 1))
      throw new RangeError(`session limit ${name}: got ${inWords(value)}, wants ${least} to ${2 ** 31 - 1}`)
  }
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  return { ...KNOWN_LIMITS, ...set }
}

function withoutUndefined(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined))
}

/** The kernel ends strings at NUL: Node throws for one. */
function isArgument(value: unknown): boolean {
  return typeof value === 'string' && !value.includes('\0')
}

function isText(value: unknown): boolean {
  return isArgument(value) && value !== ''
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isTerminalSize(value: unknown): boolean {
  const { rows, columns } = (isObject(value) ? value : {}) as Partial<TerminalSize>
  return [rows, columns].every((n) => Number.isInteger(n) && (n as number) >= 1 && (n as number) <= 9999)
}

function inWords(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  return typeof value === 'number' ? value.toString() : (JSON.stringify(value) ?? 'nothing')
}
