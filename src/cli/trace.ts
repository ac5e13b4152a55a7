/** `afterword trace -- COMMAND`: the workload's stdin, stdout, stderr, signals and exit status are its own; what we say goes to stderr. */
import type { Destination } from '../reporter/reporter-task.ts'
import { forbidOwnDump } from '../platform/forbid-own-dump.ts'
import { runSession, type SessionResult } from '../session/run-session.ts'
import { printable } from './columns.ts'
import type { Place } from './place.ts'
import type { Screens } from './screen.ts'
import { placeSession, sessionDestination } from './session-attribution.ts'
import { passSignals } from './pass-signals.ts'

export interface TraceOptions {
  readonly command: readonly string[]
  readonly destination: Partial<Destination>
  readonly noPty: boolean
  /** Seconds. */
  readonly timeout: number | undefined
  readonly idleTimeout: number | undefined
  readonly completionMarker: string | undefined
  readonly sessionLog: string | undefined
}

export async function trace(place: Place, options: TraceOptions, { err }: Screens): Promise<number> {
  const [command, ...args] = options.command
  if (command === undefined) {
    err.write('afterword trace: it wants a command after --, such as afterword trace -- make test\n')
    return 2
  }
  const destination = sessionDestination(options.destination)
  const { directory, attribution, sink } = placeSession(place, destination)
  // Somebody who reads what the workload writes to stderr gets that and no more; somebody at a terminal can do with a word.
  if (destination === null && err.isTty)
    err.write('afterword: no --host and --api-key: the summary of this session stays on disk.\n')
  if (directory === null) err.write('afterword: the state directory cannot be used: nothing of this session is kept.\n')
  hearOfBrokenPipes()
  const signals = passSignals()
  try {
    const result = await runSession({
      command,
      args,
      stdio: 'inherit',
      pty: options.noPty ? false : 'auto',
      signal: signals.cancelled,
      onStart: signals.to,
      limits: { timeoutMs: inMs(options.timeout), idleOutputMs: inMs(options.idleTimeout) },
      ...(options.completionMarker === undefined ? {} : { completionMarker: options.completionMarker }),
      ...(options.sessionLog === undefined ? {} : { sessionLog: options.sessionLog }),
      ...(directory === null ? {} : { directory }),
      ...(sink === null ? {} : { sink, attribution }),
    })
    if (result.termination === 'spawn_failed')
      err.write(`afterword trace: ${printable(command)} cannot be run: it is not there, or is no program.\n`)
    else if (result.trace.status !== 'full') err.write(troubleInWords(result.trace))
    const signal = signalOf(result, signals.last())
    if (signal !== null) endBy(signal)
    return result.returncode ?? 1
  } finally {
    signals.stop()
  }
}

function troubleInWords({ status, reason }: SessionResult['trace']): string {
  return `afterword: the trace of this session is ${status}${reason === null ? '' : ` (${printable(reason)})`}; the command ran as it would have.\n`
}

/** Cancelled is who got a signal of ours before it could be passed on: then that one was meant. */
function signalOf({ termination, signal }: SessionResult, asked: NodeJS.Signals | null): NodeJS.Signals | null {
  return termination === 'cancelled' ? asked : signal
}

/** They leave a core. */
const CORES: ReadonlySet<NodeJS.Signals> = new Set<NodeJS.Signals>([
  ...([
    'SIGQUIT',
    'SIGILL',
    'SIGTRAP',
    'SIGABRT',
    'SIGBUS',
    'SIGFPE',
    'SIGSEGV',
    'SIGSYS',
    'SIGXCPU',
    'SIGXFSZ',
  ] as const),
])

/** As the workload did. Where that cannot be (a SIGCHLD ends nobody; a core of ours cannot be forbidden), the exit code says 128 + n. */
function endBy(signal: NodeJS.Signals): void {
  if (CORES.has(signal) && !forbidOwnDump()) return
  // Node ignores SIGPIPE from its start; libuv gives back the default when its last listener goes.
  if (signal !== 'SIGKILL' && signal !== 'SIGSTOP') process.on(signal, () => undefined)
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
}

/**
 * Whose reader left: with us in between the workload's pipe breaks as without us, and it is the one to answer. main() would exit
 * at once, and leave a workload without its session.
 */
function hearOfBrokenPipes(): void {
  for (const stream of [process.stdout, process.stderr]) stream.removeAllListeners('error').on('error', () => undefined)
}

function inMs(seconds: number | undefined): number | null {
  return seconds === undefined ? null : Math.round(seconds * 1000)
}
