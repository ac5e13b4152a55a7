/** The public face: wraps commands, never throws after construction, never prints, and waits only for a login. */
import type { Tracking } from '../consent/consent-file.ts'
import type { TrackingSet } from '../consent/set-tracking.ts'
import type { HostValues, PropertyTypes } from '../events/host-properties.ts'
import type { JournalEntry } from '../spool/journal.ts'
import { spoolLayout } from '../spool/spool-layout.ts'
import { beginCommand } from './begin-command.ts'
import type { CommandEnd, CommandOutcome } from './command-outcome.ts'
import type { CommandRun, IdentityAct } from './command-run.ts'
import { runningCommand } from './exit-hooks.ts'
import { loadRareChanges, loadRarePaths } from './load-rare.ts'
import type { LogRun } from './log-run.ts'
import { outcomeNow } from './outcome-now.ts'
import { resolveTrackerOptions, type TrackerOptions, type TrackerSettings } from './tracker-options.ts'
import type { TrackerStatus } from './tracker-status.ts'

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
    this.#settings = resolveTrackerOptions(options)
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
    try {
      const act = options.identity ?? null
      const outer = runningCommand(this.#settings.directory ?? '') as Run | undefined
      if (outer !== undefined) return this.#guarded(joined(outer, act))
      const run = beginCommand({
        settings: this.#settings,
        name,
        act,
        count: (outcome) => this.#count(outcome),
      })
      if (typeof run === 'string') this.#count(run)
      return typeof run === 'string' ? NOTHING : this.#guarded(alone(run))
    } catch (error) {
      this.#count(`failed: ${error instanceof Error ? error.name : 'unknown'}`)
      return NOTHING
    }
  }

  /** Consent and what decided it, who is there, what waits, how the last reporter ended. */
  status(): TrackerStatus {
    const outcomes = Object.fromEntries(this.#outcomes)
    return loadRarePaths()?.readStatus(this.#settings, outcomes) ?? unknownStatus(this.#settings, outcomes)
  }

  /** The user's stored choice; `off` also erases ids and what waits. */
  setTracking(tracking: Tracking): TrackingSet {
    return loadRareChanges()?.storeTracking(this.#settings, tracking) ?? { kind: 'failed', reason: 'not-built' }
  }

  /** What was accepted, rejected and dropped, newest last; bounded. */
  journal(): readonly JournalEntry[] {
    const { directory } = this.#settings
    return directory === null ? [] : (loadRarePaths()?.readJournal(spoolLayout(directory).journal) ?? [])
  }

  /** What a host calls with, and what another copy of this package answers, is not ours. */
  #guarded(begun: BegunCommand): BegunCommand {
    const quietly = <R>(work: () => R): R | undefined => {
      try {
        return work()
      } catch (error) {
        this.#count(`failed: ${error instanceof Error ? error.name : 'unknown'}`)
        return undefined
      }
    }
    return {
      add: (values) => quietly(() => begun.add(values)),
      finish: (end) => quietly(() => begun.finish(end)),
      discard: () => quietly(() => begun.discard()),
    }
  }

  #count(outcome: string): void {
    const { directory } = this.#settings
    // Only what went wrong is worth a file; `off` leaves none.
    const isFine = outcome === 'recorded' || outcome === 'erased' || outcome.startsWith('off')
    if (directory !== null && !isFine) loadRarePaths()?.noteDebug(spoolLayout(directory).debug, 'host', outcome)
    this.#outcomes.set(outcome, (this.#outcomes.get(outcome) ?? 0) + 1)
  }
}

/** This package is not whole (a host bundled without its files): nothing is recorded, and nothing can be looked up. */
function unknownStatus({ app, directory }: TrackerSettings, outcomes: TrackerStatus['outcomes']): TrackerStatus {
  const explanation = 'Off: files of this package are missing.'
  return {
    app,
    directory,
    consent: { allowed: false, mode: 'off', source: 'not-built', noticeDue: false, explanation },
    identity: { kind: 'none', anonId: null, principalId: null },
    waiting: { events: 0, oldest: null, running: 0 },
    delivery: 'spool-only',
    lastReporter: null,
    backoff: {},
    outcomes,
  }
}

const NOTHING: BegunCommand<never> & BegunCommand = {
  add: () => undefined,
  finish: () => undefined,
  discard: () => undefined,
}

function alone(run: Run): BegunCommand {
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
      if (outcomeNow(endOf(end)).outcome === 'ok') outer.becomes(act)
      else outer.tries(null)
      return undefined
    },
    discard: () => outer.tries(null),
  }
}

function endOf(end: CommandFinish = {}): CommandEnd {
  const error = 'error' in end ? { error: end.error } : {}
  if (end.outcome !== undefined && DECLARABLE.includes(end.outcome))
    return { kind: 'declared', outcome: end.outcome, exitCode: codeOf(end, end.outcome === 'ok' ? 0 : 1), ...error }
  return 'error' in end
    ? { kind: 'threw', error: end.error, exitCode: codeOf(end, 1) }
    : { kind: 'returned', exitCode: codeOf(end, 0) }
}

const DECLARABLE: readonly CommandOutcome['outcome'][] = ['ok', 'error', 'usage_error', 'cancelled', 'terminated']

/** What the types forbid and JavaScript says all the same counts as not said: it could not be written down. */
function codeOf(end: CommandFinish, fallback: number): number {
  if (end.exitCode !== undefined && Number.isSafeInteger(end.exitCode)) return end.exitCode
  const code = Number(process.exitCode ?? fallback)
  return Number.isSafeInteger(code) && (code !== 0 || fallback === 0) ? code : fallback
}
