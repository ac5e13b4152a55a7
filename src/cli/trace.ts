/** `afterword trace -- COMMAND`: the workload's stdin, stdout, stderr and exit status are its own; what we say goes to stderr, before it. */
import type { Destination } from '../reporter/reporter-task.ts'
import { runSession } from '../session/run-session.ts'
import { printable } from './columns.ts'
import type { Place } from './place.ts'
import type { Screens } from './screen.ts'
import { placeSession, sessionDestination } from './session-attribution.ts'

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
  if (destination === null)
    err.write('afterword: no --host and --api-key: the summary of this session stays on disk.\n')
  if (directory === null) err.write('afterword: the state directory cannot be used: nothing of this session is kept.\n')
  const cancelled = new AbortController()
  const cancel = (): void => cancelled.abort()
  // Ctrl-C goes to the whole group: the workload decides what it means. The others are meant for us.
  const stay = (): void => undefined
  process.on('SIGINT', stay).on('SIGTERM', cancel).on('SIGHUP', cancel)
  try {
    const result = await runSession({
      command,
      args,
      stdio: 'inherit',
      pty: options.noPty ? false : 'auto',
      signal: cancelled.signal,
      limits: { timeoutMs: inMs(options.timeout), idleOutputMs: inMs(options.idleTimeout) },
      ...(options.completionMarker === undefined ? {} : { completionMarker: options.completionMarker }),
      ...(options.sessionLog === undefined ? {} : { sessionLog: options.sessionLog }),
      ...(directory === null ? {} : { directory }),
      ...(sink === null ? {} : { sink, attribution }),
    })
    if (result.termination === 'spawn_failed')
      err.write(`afterword trace: ${printable(command)} cannot be run: it is not there, or is no program.\n`)
    if (result.signal !== null) endBy(result.signal)
    return result.returncode ?? 1
  } finally {
    process.off('SIGINT', stay).off('SIGTERM', cancel).off('SIGHUP', cancel)
  }
}

/** As the workload did. No core of ours, and no end if the signal ends nobody: then the exit code says 128 + n. */
function endBy(signal: NodeJS.Signals): void {
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
}

function inMs(seconds: number | undefined): number | null {
  return seconds === undefined ? null : Math.round(seconds * 1000)
}
