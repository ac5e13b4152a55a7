/** The public face: wraps commands, never throws after construction, never prints, and waits only for a login. */
import type { Tracking } from '../consent/consent-file.ts'
import type { TrackingSet } from '../consent/set-tracking.ts'
import type { PropertyTypes } from '../events/host-properties.ts'
import type { JournalEntry } from '../spool/journal.ts'
import { beginHere } from './begin-here.ts'
import type { BegunCommand, RunningCommand } from './command-handle.ts'
import type { IdentityAct } from './command-run.ts'
import { loadRareChanges, loadRarePaths } from './load-parts.ts'
import { resolveTrackerOptions } from './resolve-options.ts'
import type { TrackerOptions, TrackerSettings } from './tracker-options.ts'
import type { TrackerStatus } from './tracker-status.ts'

export interface CommandOptions {
  /** This command signs the user in, or out. */
  readonly identity?: IdentityAct
}

// oxlint-disable-next-line typescript/no-empty-object-type -- nothing declared: nothing may be added
export class CommandTracker<const T extends PropertyTypes = {}> {
  readonly #settings: TrackerSettings
  readonly #outcomes: Outcomes = new Map()

  /** @throws TypeError, RangeError for wrong options; nothing else here ever throws. */
  constructor(options: TrackerOptions<T>) {
    this.#settings = resolveTrackerOptions(options)
  }

  /**
   * Runs `command` and records how it ended. Value and error pass through. `name` is the definition's path joined by dots
   * (`toolkit.run`), never what the user typed. Inside another running command this is a part of that one: one event.
   */
  run<R>(name: string, command: (running: RunningCommand<T>) => R | Promise<R>, options?: CommandOptions): Promise<R> {
    return wrap(this.begin(name, options), command)
  }

  /** For hosts that cannot wrap. Not finished when the process ends: the process's end is the command's. */
  begin(name: string, options?: CommandOptions): BegunCommand<T> {
    return begin(this.#settings, this.#outcomes, name, options)
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
    return directory === null ? [] : (loadRarePaths()?.journalHere(directory) ?? [])
  }
}

async function wrap<B extends BegunCommand, R>(begun: B, command: (running: B) => R | Promise<R>): Promise<R> {
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

type Outcomes = Map<string, number>

function begin(settings: TrackerSettings, outcomes: Outcomes, name: string, options?: CommandOptions): BegunCommand {
  const count = /* @soon */ (outcome: string): void => countOutcome(settings, outcomes, outcome)
  try {
    const begun = beginHere({ settings, name, act: options?.identity ?? null, count })
    if (typeof begun !== 'string') return begun
    count(begun)
  } catch (error) {
    count(`failed: ${error instanceof Error ? error.name : 'unknown'}`)
  }
  return NOTHING
}

function countOutcome({ directory }: TrackerSettings, outcomes: Outcomes, outcome: string): void {
  // Only what went wrong is worth a file; `off` leaves none.
  const isFine = outcome === 'recorded' || outcome === 'erased' || outcome.startsWith('off')
  if (directory !== null && !isFine) loadRarePaths()?.noteHere(directory, outcome)
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
}

/**
 * This package is not whole (a host bundled without its files): nothing is recorded, and nothing can be looked up.
 * @rare
 */
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
