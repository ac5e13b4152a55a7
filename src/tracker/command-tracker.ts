/** The public face: wraps commands, never throws after construction, never prints, and waits only for a login. */
import type { Tracking } from '../consent/consent-file.ts'
import type { TrackingSet } from '../consent/set-tracking.ts'
import type { HostValues, PropertyTypes } from '../events/host-properties.ts'
import { openStateDirectory } from '../platform/state-directory.ts'
import { type JournalEntry, readJournal } from '../spool/journal.ts'
import { spoolLayout } from '../spool/spool-layout.ts'
import { beginCommand } from './begin-command.ts'
import { type CommandEnd, type CommandOutcome, resolveCommandOutcome } from './command-outcome.ts'
import type { CommandRun, IdentityAct } from './command-run.ts'
import { runningCommand } from './exit-hooks.ts'
import { loadRareChanges } from './load-rare-changes.ts'
import type { LogRun } from './log-run.ts'
import { resolveTrackerOptions, type TrackerOptions, type TrackerSettings } from './tracker-options.ts'
import { readStatus, type TrackerStatus } from './tracker-status.ts'

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

export interface CommandOptions {
  /** This command signs the user in, or out. */
  readonly identity?: IdentityAct
}

type Run = CommandRun | LogRun

// oxlint-disable-next-line typescript/no-empty-object-type -- nothing declared: nothing may be added
export class CommandTracker<const T extends PropertyTypes = {}> {
  readonly #settings: TrackerSettings
  readonly #outcomes = new Map<string, number>()

  /** @throws TypeError, RangeError for wrong options; nothing else here ever throws. */
  constructor(options: TrackerOptions<T>) {
    this.#settings = resolveTrackerOptions(options as TrackerOptions)
  }

  /**
   * Runs `command` and records how it ended. Value and error pass through. `name` is the definition's path joined by dots
   * (`toolkit.run`), never what the user typed. Inside another running command this is a part of that one: one event.
   */
  async run<R>(
    name: string,
    command: (running: RunningCommand<T>) => R | Promise<R>,
    options: CommandOptions = {},
  ): Promise<R> {
    const begun = this.begin(name, options)
    let value: R
    try {
      value = await command(begun)
    } catch (error) {
      await begun.finish({ error }) // a promise only if a login inside succeeded
      throw error
    }
    await begun.finish()
    return value
  }

  /** For hosts that cannot wrap. Not finished when the process ends: the process's end is the command's. */
  begin(name: string, options: CommandOptions = {}): BegunCommand<T> {
    const act = options.identity ?? null
    try {
      const outer = runningCommand<Run>(this.#settings.directory ?? '')
      if (outer !== undefined) return joined(outer, act)
      const run = beginCommand({
        settings: this.#settings,
        name: String(name),
        act,
        count: (outcome) => this.#count(outcome),
      })
      if (typeof run === 'string') this.#count(run)
      return typeof run === 'string' ? NOTHING : begun(run)
    } catch (error) {
      this.#count(`failed: ${error instanceof Error ? error.name : 'unknown'}`)
      return NOTHING
    }
  }

  /** Consent and what decided it, who is there, what waits, how the last reporter ended. */
  status(): TrackerStatus {
    return readStatus(this.#settings, Object.fromEntries(this.#outcomes))
  }

  /** The user's stored choice; `off` also erases ids and what waits. */
  setTracking(tracking: Tracking): TrackingSet {
    const { directory } = this.#settings
    if (directory === null) return { kind: 'failed', reason: 'no-home' }
    const place = openStateDirectory(directory)
    if (place.kind !== 'ready') return { kind: 'failed', reason: place.reason }
    return loadRareChanges()?.setTracking(spoolLayout(directory), tracking) ?? { kind: 'failed', reason: 'not-built' }
  }

  /** What was accepted, rejected and dropped, newest last; bounded. */
  journal(): readonly JournalEntry[] {
    const { directory } = this.#settings
    return directory === null ? [] : readJournal(spoolLayout(directory).journal)
  }

  #count(outcome: string): void {
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1)
  }
}

const NOTHING: BegunCommand<never> & BegunCommand = {
  add: () => undefined,
  finish: () => undefined,
  discard: () => undefined,
}

function begun(run: Run): BegunCommand {
  return {
    add: (values) => run.add(values),
    finish: (end) => run.finish(endOf(end)),
    discard: () => run.discard(),
  }
}

/** The inner of two: what it learns belongs to the outer, and the outer's end is the event. */
function joined(outer: Run, act: IdentityAct | null): BegunCommand {
  if (act !== null) outer.tries(act)
  return {
    add: (values) => outer.add(values),
    finish: (end) => {
      if (act === null) return undefined
      if (resolveCommandOutcome(endOf(end)).outcome === 'ok') outer.becomes(act)
      else outer.tries(null)
      return undefined
    },
    discard: () => outer.tries(null),
  }
}

function endOf(end: CommandFinish = {}): CommandEnd {
  const error = 'error' in end ? { error: end.error } : {}
  if (end.outcome !== undefined)
    return { kind: 'declared', outcome: end.outcome, exitCode: codeOf(end, end.outcome === 'ok' ? 0 : 1), ...error }
  return 'error' in end
    ? { kind: 'threw', error: end.error, exitCode: codeOf(end, 1) }
    : { kind: 'returned', exitCode: codeOf(end, 0) }
}

function codeOf(end: CommandFinish, fallback: number): number {
  const code = Number(end.exitCode ?? process.exitCode ?? fallback)
  return Number.isSafeInteger(code) && (code !== 0 || fallback === 0) ? code : fallback
}
