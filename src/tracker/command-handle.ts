/** What a host asks for when a command begins, and what it holds of it then. */
import type { HostValues, PropertyTypes } from '../events/host-properties.ts'
import type { CommandOutcome } from './command-outcome.ts'
import type { IdentityAct } from './command-run.ts'
import type { TrackerSettings } from './tracker-options.ts'

export interface RunningCommand<T extends PropertyTypes = PropertyTypes> {
  /** Adds declared properties to this command's event; the last value of a name wins. */
  add(values: HostValues<T>): void
}

export interface BegunCommand<T extends PropertyTypes = PropertyTypes> extends RunningCommand<T> {
  /** Commits at once; returns a promise only for a successful login, which waits for its look-up (2 s at most). */
  finish(end?: CommandFinish): Promise<void> | undefined
  /** It was no command after all: nothing is sent. */
  discard(): void
}

export interface CommandFinish {
  /** It failed with this. */
  readonly error?: unknown
  /** @default process.exitCode, else 0, or 1 with an error */
  readonly exitCode?: number
  /** Said outright; otherwise it follows from error and exit code. */
  readonly outcome?: Exclude<CommandOutcome['outcome'], 'crashed'>
}

/** What a host asked for. */
export interface Wish {
  readonly settings: TrackerSettings
  readonly name: string
  readonly act: IdentityAct | null
  readonly count: (outcome: string) => void
}
