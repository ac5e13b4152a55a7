/**
 * Which commands run now in this process: one registry for all (`Symbol.for`), so that two copies of this package, or a `run` inside
 * an adapter's run, see the same running commands and install one set of hooks (exit-hooks.ts).
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

export interface Registry {
  readonly commands: Map<string, Ending>
  uncaught: { readonly error: unknown } | null
  signal: EndSignal | null
  remove: (() => void) | null
}

const KEY = Symbol.for('afterword.commands.1')

export function registry(): Registry {
  const global = globalThis as { [KEY]?: Registry }
  return (global[KEY] ??= { commands: new Map(), uncaught: null, signal: null, remove: null })
}

/** The command that runs now for this directory, whoever began it. */
export function runningCommand(directory: string): Ending | undefined {
  return registry().commands.get(directory)
}
