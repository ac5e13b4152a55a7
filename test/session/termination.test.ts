import { expect, test } from 'vitest'
import { decideAction, type TerminationAction } from '../../src/session/decide-action.ts'
import { NO_FACTS, resolveTermination, type SessionFacts, type Termination } from '../../src/session/termination.ts'

const DOMAIN: { readonly [K in keyof SessionFacts]: readonly SessionFacts[K][] } = {
  tracerDeath: [null, 'reboot', 'tracer_lost', 'crashed'],
  spawnError: [null, 'ENOENT'],
  exited: [false, true],
  signal: [null, 'SIGTERM', 'SIGKILL'],
  oomKill: [null, 'probable', 'confirmed'],
  wallClockFired: [false, true],
  cancelled: [false, true],
  idleStall: [false, true],
  sessionLog: [null, 'stale', 'dir_missing'],
  completion: [null, 'stdout', 'session_log'],
}

/** Every combination of facts: 4 · 2 · 2 · 3 · 3 · 2 · 2 · 2 · 3 · 3. */
const EVERY_COMBINATION: readonly SessionFacts[] = (Object.keys(DOMAIN) as (keyof SessionFacts)[]).reduce<
  readonly SessionFacts[]
>((all, key) => all.flatMap((facts) => DOMAIN[key].map((value) => ({ ...facts, [key]: value }))), [NO_FACTS])

/** The table of docs/sessions.md, in its order: what is seen, and the name. The first row that applies wins. */
const ROWS: readonly (readonly [(facts: SessionFacts) => boolean, Termination, TerminationAction])[] = [
  [(f) => f.tracerDeath === 'reboot', 'reboot', 'none'],
  [(f) => f.tracerDeath === 'tracer_lost', 'tracer_lost', 'none'],
  [(f) => f.tracerDeath === 'crashed', 'crashed', 'none'],
  [(f) => f.spawnError !== null, 'spawn_failed', 'none'],
  [(f) => f.exited && f.signal === 'SIGKILL' && f.oomKill !== null, 'oom_killed', 'none'],
  [(f) => f.exited && f.signal !== null, 'signaled', 'none'],
  [(f) => f.exited, 'natural_exit', 'none'],
  [(f) => f.wallClockFired, 'timed_out', 'kill'],
  [(f) => f.cancelled, 'cancelled', 'kill'],
  [(f) => f.idleStall, 'idle_stall', 'kill'],
  [(f) => f.sessionLog !== null, 'stale', 'kill'],
  [(f) => f.completion !== null, 'completed', 'drain_then_kill'],
  [() => true, 'natural_exit', 'none'],
]

test('resolveTermination() and decideAction() answer each combination of facts as the table does', () => {
  expect(EVERY_COMBINATION).toHaveLength(4 * 2 * 2 * 3 * 3 * 2 * 2 * 2 * 3 * 3)
  const seen = new Set<Termination>()
  for (const facts of EVERY_COMBINATION) {
    const [, name, action] = ROWS.find(([applies]) => applies(facts)) ?? []
    const termination = resolveTermination(facts)
    if (termination !== name || decideAction(termination) !== action)
      expect({ facts, termination, action: decideAction(termination) }).toEqual({ facts, termination: name, action })
    seen.add(termination)
  }
  expect([...seen].sort()).toEqual([...new Set(ROWS.map(([, name]) => name))].sort())
})

test('decideAction() kills nobody whom it does not outlive: only the five ends of a living workload have an action', () => {
  const deadly = ROWS.filter(([, , action]) => action !== 'none').map(([, name]) => name)
  expect(deadly).toEqual(['timed_out', 'cancelled', 'idle_stall', 'stale', 'completed'])
})
