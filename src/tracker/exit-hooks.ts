/**
 * Every way a process can end while a command runs, noticed without changing it. One registry per process (`Symbol.for`): two
 * copies of this package, or a `run` inside an adapter's run, see the same running commands and install one set of hooks.
 *
 * Signals: our listener stands first. It has the command commit the envelope it would end with, and steps aside. If nobody else
 * listens, the envelope is published and the signal raised again, so that the process dies of it as without us. If somebody does
 * (a "press Ctrl-C again" handler, signal-exit, which re-raises only when no listener but its own is left: hence stepping
 * aside *before* they run), nothing is published and nothing raised; a process that still runs a turn later gets its listener back.
 */
import type { EndSignal } from './command-outcome.ts'

/** What a running command lets the hooks do. None of them throws. */
export interface Ending {
  /** The 'exit' event: the last chance, synchronous. */
  exited(exitCode: number, seen: { readonly error?: unknown; readonly signal?: EndSignal }): void
  /** Commit how it will have ended, without publishing: the process may yet survive. */
  held(signal: EndSignal): void
  /** The process is about to die of this signal: publish. */
  died(signal: EndSignal): void
  /** It survived: what was held is void. */
  resumed(): void
}

interface Registry {
  readonly commands: Map<string, Ending>
  uncaught: { readonly error: unknown } | null
  signal: EndSignal | null
  remove: (() => void) | null
}

const SIGNALS: readonly EndSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP']
const KEY = Symbol.for('afterword.commands.1')

function registry(): Registry {
  const global = globalThis as { [KEY]?: Registry }
  global[KEY] ??= { commands: new Map(), uncaught: null, signal: null, remove: null }
  return global[KEY]
}

/** The command that runs now for this directory, whoever began it. */
export function runningCommand(directory: string): Ending | undefined {
  return registry().commands.get(directory)
}

export function watchCommand(directory: string, command: Ending): void {
  const shared = registry()
  shared.commands.set(directory, command)
  shared.remove ??= install(shared)
}

export function unwatchCommand(directory: string, command: Ending): void {
  const shared = registry()
  if (shared.commands.get(directory) !== command) return
  shared.commands.delete(directory)
  if (shared.commands.size > 0) return
  shared.remove?.()
  shared.remove = null
  shared.uncaught = null
  shared.signal = null
}

function install(shared: Registry): () => void {
  const onUncaught = (error: unknown): void => {
    shared.uncaught = { error }
  }
  const onExit = (code: number): void => {
    const seen = { ...shared.uncaught, ...(shared.signal === null ? {} : { signal: shared.signal }) }
    // `code` is older than what listeners before us said: Node's own (13, a promise nobody settles) and the host's.
    const exitCode = Number(process.exitCode ?? code)
    for (const command of shared.commands.values()) quietly(() => command.exited(exitCode, seen))
  }
  const listeners = SIGNALS.map((signal) => {
    const listener = (): void => {
      process.removeListener(signal, listener)
      shared.signal = signal
      const commands = [...shared.commands.values()]
      for (const command of commands) quietly(() => command.held(signal))
      if (process.listenerCount(signal) === 0) {
        for (const command of commands) quietly(() => command.died(signal))
        process.kill(process.pid, signal)
        return
      }
      setImmediate(() => {
        if (shared.remove !== remove) return
        process.prependListener(signal, listener)
        for (const command of shared.commands.values()) quietly(() => command.resumed())
      }).unref()
    }
    process.prependListener(signal, listener)
    return { signal, listener }
  })
  process.on('uncaughtExceptionMonitor', onUncaught)
  process.on('exit', onExit)
  const remove = (): void => {
    process.removeListener('uncaughtExceptionMonitor', onUncaught)
    process.removeListener('exit', onExit)
    for (const { signal, listener } of listeners) process.removeListener(signal, listener)
  }
  return remove
}

/** The last rope: a running command counts its own errors, but another copy of this package may be another version. */
function quietly(tell: () => void): void {
  try {
    tell()
  } catch {
    // an exit hook that throws would change the host's exit status
  }
}
