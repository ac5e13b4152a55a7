import { NO_FACTS, type SessionFacts } from './termination.ts'

/** Where the watchers say what they saw. */
export interface Race {
  /** Counts until the race is over; afterwards nothing does. */
  saw(facts: Partial<SessionFacts>): void
  /** Resolves with the frozen facts one turn of the event loop after the first of them. Never rejects. */
  readonly over: Promise<SessionFacts>
}

/**
 * The first fact ends the race, and what else was true in that moment counts too: resolveTermination() weighs them.
 *
 * Race R31: the workload ends in the moment a limit runs out. A timer fires before the same turn of the loop reaps children, so
 * facts are frozen only at the end of that turn: an exit that already happened is one, and no dead process is killed and called
 * `timed_out`.
 */
export function openRace(): Race {
  let facts: SessionFacts = NO_FACTS
  let state: 'open' | 'closing' | 'over' = 'open'
  let end: (facts: SessionFacts) => void
  const over = new Promise<SessionFacts>((resolve) => {
    end = resolve
  })
  return {
    over,
    saw(seen) {
      if (state === 'over') return
      facts = Object.freeze({ ...facts, ...seen })
      if (state === 'closing') return
      state = 'closing'
      setImmediate(() => {
        state = 'over'
        end(facts)
      })
    },
  }
}
