import { expect, test } from 'vitest'
import { decideAction } from '../../src/session/decide-action.ts'
import { CLAIMED_VERDICTS, RECOVERY_AGES, UNCLAIMED_VERDICTS } from '../../src/session/recovery-gates.ts'
import { SESSION_BOUNDS } from '../../src/session/retention.ts'
import * as layout from '../../src/session/session-layout.ts'
import { NO_FACTS, resolveTermination, type SessionFacts, type TracerDeath } from '../../src/session/termination.ts'
import { readPage, table, written } from './markdown.ts'

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

test('docs/sessions-on-disk.md has each verdict once', () => {
  const verdicts = table('docs/sessions-on-disk.md', 'verdict', 'means').map(([verdict]) => verdict)
  expect(verdicts).toEqual([...UNCLAIMED_VERDICTS, ...CLAIMED_VERDICTS])
  const page = readPage('docs/sessions-on-disk.md')
  expect(page).toContain(`younger than ${written('Ms', RECOVERY_AGES.youngMs)}`)
  expect(written('Ms', RECOVERY_AGES.quarantineMs)).toBe('24 h') // `after a day`
})

test('docs/sessions-on-disk.md has each name of a session', () => {
  const { sessionsLayout, ...files } = layout
  const { root, ...names } = sessionsLayout('')
  expect(root).toBe('')
  const said = table('docs/sessions-on-disk.md', 'path', 'is')
    .flatMap(([path = '', is = '']) => [path, is])
    .join(' ')
  for (const name of [...Object.values(names).map((path) => path.slice(1)), ...Object.values(files)])
    expect(said).toContain(name)
})

test('docs/sessions-on-disk.md has the races of docs/architecture.md that are its own', () => {
  const numbers = table('docs/sessions-on-disk.md', '#', 'the race').map(([number]) => number)
  const all = table('docs/architecture.md', '#', 'the race').map(([number]) => number ?? '')
  expect(numbers).toEqual(all.filter((number) => /^R2\d$/.test(number)))
})

test('docs/sessions-on-disk.md has the bounds of SESSION_BOUNDS', () => {
  const { sessions, bytes, ageMs } = SESSION_BOUNDS
  expect(table('docs/sessions-on-disk.md', 'bound', 'value')).toEqual([
    ['sessions', written('sessions', sessions)],
    ['bytes', written('Bytes', bytes)],
    ['ageMs', written('ageMs', ageMs)],
  ])
})
