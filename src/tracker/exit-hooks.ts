/**
 * Every way a process can end while a command runs, noticed without changing it.
 *
 * Signals: our listener stands first. It has the command commit the envelope it would end with, and steps aside. If nobody else
 * listens, the envelope is published and the signal raised again, so that the process dies of it as without us. If somebody does
 * (a "press Ctrl-C again" handler, signal-exit, which re-raises only when no listener but its own is left: hence stepping
 * aside *before* they run), nothing is published and nothing raised; a process that still runs a turn later gets its listener back.
 */
import type { EndSignal } from './command-outcome.ts'
import { type Ending, type Registry, registry } from './running-commands.ts'

const SIGNALS: readonly EndSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP']

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
  const onExit = (code: number): void => exits(shared, code)
  const listeners = new Map<EndSignal, () => void>()
  const remove = (): void => {
    process.removeListener('uncaughtExceptionMonitor', onUncaught)
    process.removeListener('exit', onExit)
    for (const [signal, listener] of listeners) process.removeListener(signal, listener)
  }
  for (const signal of SIGNALS) {
    const listener = (): void => signalled(shared, signal, listener, remove)
    process.prependListener(signal, listener)
    listeners.set(signal, listener)
  }
  process.on('uncaughtExceptionMonitor', onUncaught)
  process.on('exit', onExit)
  return remove
}

/** @rare */
function signalled(shared: Registry, signal: EndSignal, listener: () => void, remove: () => void): void {
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

/** @rare */
function exits(shared: Registry, code: number): void {
  const seen = { ...shared.uncaught, ...(shared.signal === null ? {} : { signal: shared.signal }) }
  // `code` is older than what listeners before us said: Node's own (13, a promise nobody settles) and the host's.
  const exitCode = Number(process.exitCode ?? code)
  for (const command of shared.commands.values()) quietly(() => command.exited(exitCode, seen))
}

/**
 * The last rope: a running command counts its own errors, but another copy of this package may be another version.
 * @rare
 */
function quietly(tell: () => void): void {
  try {
    tell()
  } catch {
    // an exit hook that throws would change the host's exit status
  }
}
