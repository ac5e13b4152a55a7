/**
 * Every way a process can end while a command runs, noticed without changing it.
 *
 * Signals: our listener stands first. It has the command commit the envelope it would end with, and steps aside. If nobody else
 * listens, the envelope is published and the signal raised again, so that the process dies of it as without us. If somebody does
 * (a "press Ctrl-C again" handler, signal-exit, which re-raises only when no listener but its own is left: hence stepping
 * aside *before* they run), nothing is published and nothing raised; a process that still runs a turn later gets its listener back.
 *
 * Who listens to a signal takes away that it kills at once, also in the middle of a long computation: the listener runs when the event loop
 * turns. So we begin to listen when the command waits for something: what computes until then dies as without us (its record stays, and says
 * `crashed`), and a command that never waits never listens. What computes later dies when it is done with that (docs/decisions/0032).
 *
 * Race R57: a signal comes while a command's last stretch computes, and is not heard before the command is over. After all but the shortest
 * commands we listen for a turn more, and raise it again.
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

/** Milliseconds: in a command this short a signal is hardly lost, and the turn more would cost it a quarter of one. */
const SHORT_MS = 20

function install(shared: Registry): () => void {
  const onUncaught = (error: unknown): void => {
    shared.uncaught = { error }
  }
  const onExit = (code: number): void => exits(shared, code)
  const listeners = new Map<EndSignal, () => void>()
  const beganMs = Date.now()
  const remove = /* @soon */ (): void => {
    process.removeListener('uncaughtExceptionMonitor', onUncaught)
    process.removeListener('exit', onExit)
    if (Date.now() - beganMs < SHORT_MS) stopListening(listeners)
    else setImmediate(() => quietly(() => stopListening(listeners)))
  }
  void listenSoon(shared, listeners, remove)
  process.on('uncaughtExceptionMonitor', onUncaught)
  process.on('exit', onExit)
  return remove
}

/** Turns of the queue of microtasks: a command that is not over by then waits for something, or computes between two of many promises. */
const TURNS = 8

/** Before the event loop turns, and so before anybody hears of a signal. */
async function listenSoon(shared: Registry, listeners: Map<EndSignal, () => void>, remove: () => void): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) {
    await Promise.resolve()
    if (shared.remove !== remove) return
  }
  listen(shared, listeners, remove)
}

/** @rare */
function listen(shared: Registry, listeners: Map<EndSignal, () => void>, remove: () => void): void {
  try {
    for (const signal of SIGNALS) {
      const listener = (): void => signalled(shared, signal, listener, remove)
      listeners.set(signal, listener)
      process.prependListener(signal, listener)
    }
  } catch {
    // a 'newListener' of the host's: nobody awaits us who could be told
  }
}

function stopListening(listeners: ReadonlyMap<EndSignal, () => void>): void {
  for (const [signal, listener] of listeners) process.removeListener(signal, listener)
}

/** @rare */
function signalled(shared: Registry, signal: EndSignal, listener: () => void, remove: () => void): void {
  process.removeListener(signal, listener)
  const commands = [...shared.commands.values()]
  if (commands.length > 0) shared.signal = signal
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
