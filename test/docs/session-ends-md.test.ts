import { expect, test } from 'vitest'
import { decideAction } from '../../src/session/decide-action.ts'
import { NO_FACTS, resolveTermination, type SessionFacts, type TracerDeath } from '../../src/session/termination.ts'
import { table } from './markdown.ts'

const DEATHS: readonly TracerDeath[] = ['reboot', 'tracer_lost', 'crashed']

/** What each row of the table of ends says was seen, in its order. */
const SEEN: readonly (readonly Partial<SessionFacts>[])[] = [
  DEATHS.map((tracerDeath) => ({ tracerDeath })),
  [{ spawnError: 'ENOENT' }],
  [
    { exited: true, signal: 'SIGKILL', oomKill: 'confirmed' },
    { exited: true, signal: 'SIGKILL', oomKill: 'probable' },
  ],
  [
    { exited: true, signal: 'SIGTERM', oomKill: null },
    { exited: true, signal: 'SIGTERM', oomKill: 'confirmed' },
    { exited: true, signal: 'SIGKILL', oomKill: null },
  ],
  [
    { exited: true, signal: null, oomKill: null },
    { exited: true, signal: null, oomKill: 'confirmed' },
  ],
  [{ wallClockFired: true }],
  [{ cancelled: true }],
  [{ idleStall: true }],
  [{ sessionLog: 'stale' }, { sessionLog: 'dir_missing' }],
  [{ completion: 'stdout' }, { completion: 'session_log' }],
]

const DONE = { none: 'none', kill: 'kill', drain_then_kill: 'wait completionDrainMs, then kill' } as const

test('docs/sessions.md says of what was seen what resolveTermination() and decideAction() say', () => {
  const rows = table('docs/sessions.md', 'seen', '`termination`')
  const said = SEEN.map((each, index) => {
    // The first row that applies is the name: all that stands below it is true as well.
    const below = SEEN.slice(index + 1)
      .map(([first]) => first)
      .toReversed()
    const names = each.flatMap((facts) => {
      const alone = resolveTermination({ ...NO_FACTS, ...facts })
      const besides = resolveTermination(Object.assign({}, NO_FACTS, ...below, facts) as SessionFacts)
      expect(besides, JSON.stringify(facts)).toBe(alone)
      return alone
    })
    const actions = names.map((name) => DONE[decideAction(name)])
    return [[...new Set(names)].join(', '), [...new Set(actions)].join(', ')]
  })
  expect(rows.map((row) => row.slice(1))).toEqual(said)
})
