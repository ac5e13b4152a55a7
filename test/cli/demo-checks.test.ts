import { describe, expect, test } from 'vitest'
import { checkStory } from '../../src/cli/demo-checks.ts'
import { type Ledger, STEPS, type Story } from '../../src/cli/demo-story.ts'
import type { StoredEvent } from '../../src/collector/collector.ts'

const ANON = '8e2a7317-d1c8-4d3f-957a-8012c1f0c9d3'
const LATER = 'f6785a85-d1c8-4d3f-957a-8012c1f0c9d3'

interface Played {
  story: { -readonly [K in keyof Story]: Story[K] }
  ledger: { -readonly [K in keyof Ledger]: Ledger[K] }
}

/** What is seen when all is well. */
function played(): Played {
  let seq = 0
  const event = (name: string, id: string, properties: Record<string, unknown> = {}): StoredEvent => ({
    seq: ++seq,
    uuid: `uuid-${seq}`,
    event: name,
    distinct_id: id,
    timestamp: '',
    received_at: '',
    properties: { ...(id === 'user-alice' ? {} : { $process_person_profile: false }), ...properties },
  })
  const ok = (id: string) => event('CLI execution succeeded', id)
  const failed = (outcome: string) => event('CLI execution failed', 'user-alice', { outcome })
  const events = [
    [ok(ANON)],
    [event('$create_alias', 'user-alice', { alias: ANON }), ok('user-alice')],
    [ok('user-alice')],
    [failed('error')],
    [failed('crashed')],
    [],
    [ok('user-alice')],
    [ok(LATER)],
  ]
  const steps = STEPS.map((step, index) => {
    const ends = typeof step.ends === 'number' ? { code: step.ends, signal: null } : { code: null, signal: step.ends }
    return { step, ended: { ...ends, wallMs: 1, stderr: '' }, events: events[index] ?? [] }
  })
  const collected = events.flat()
  const journal = collected.map(({ uuid, event }) => ({ at: '', verdict: 'accepted' as const, uuid, event }))
  return {
    story: { steps, optOut: { sameFiles: true, sameEvents: true }, anonId: { atFirst: ANON, atLast: LATER } },
    ledger: { collected, journal, waiting: 0, unfinished: 0 },
  }
}

function failing(change: (played: Played) => void): string {
  const it = played()
  change(it)
  return checkStory(it.story, it.ledger)
    .flatMap(({ holds, claim }, index) => (holds ? [] : [`${index} ${claim.split(' ').slice(0, 3).join(' ')}`]))
    .join('; ')
}

/** The events of one step, changed. */
function change(it: Played, index: number, how: (event: StoredEvent) => StoredEvent): void {
  const change1 = (event: StoredEvent): StoredEvent =>
    it.story.steps[index]?.events.includes(event) ? how(event) : event
  const collected = it.ledger.collected.map(change1)
  it.story.steps = it.story.steps.map((step, at) => (at === index ? { ...step, events: step.events.map(how) } : step))
  it.ledger.collected = collected
}

test('checkStory() finds nothing wrong where nothing is', () => {
  expect(failing(() => undefined)).toBe('')
})

describe('checkStory() sees', () => {
  test.each<[string, (it: Played) => void, string]>([
    [
      'another exit code',
      (it) => {
        it.story.steps = it.story.steps.map((each) => ({ ...each, ended: { ...each.ended, code: 1, signal: null } }))
      },
      '0 Telemetry left every',
    ],
    [
      'an event of somebody else',
      (it) => change(it, 2, (event) => ({ ...event, distinct_id: ANON })),
      '1 From the login',
    ],
    [
      'a person made of an anonymous event',
      (it) => change(it, 0, (event) => ({ ...event, properties: {} })),
      '1 From the login',
    ],
    [
      'no alias',
      (it) => {
        it.ledger.collected = it.ledger.collected.filter(({ event }) => event !== '$create_alias')
        it.ledger.journal = it.ledger.journal.filter(({ event }) => event !== '$create_alias')
      },
      '2 The anonymous history',
    ],
    [
      'an alias the wrong way round',
      (it) => change(it, 1, (event) => (event.event === '$create_alias' ? { ...event, distinct_id: ANON } : event)),
      '1 From the login; 2 The anonymous history',
    ],
    [
      'an alias of another id',
      (it) =>
        change(it, 1, (event) =>
          event.event === '$create_alias' ? { ...event, properties: { alias: LATER } } : event,
        ),
      '2 The anonymous history',
    ],
    [
      'an alias after the first event of the principal',
      (it) => change(it, 1, (event) => (event.event === '$create_alias' ? { ...event, seq: 99 } : event)),
      '2 The anonymous history',
    ],
    [
      'no word of the killed command',
      (it) => change(it, 4, (event) => ({ ...event, properties: { outcome: 'error' } })),
      '3 The killed command',
    ],
    ['a touched file', (it) => void (it.story.optOut = { sameFiles: false, sameEvents: true }), '4 The command with'],
    [
      'an event though opted out',
      (it) => void (it.story.optOut = { sameFiles: true, sameEvents: false }),
      '4 The command with',
    ],
    [
      'the old id after the logout',
      (it) => {
        it.story.anonId = { atFirst: LATER, atLast: LATER }
      },
      '1 From the login; 2 The anonymous history; 5 Since the logout',
    ],
    [
      'a rejected event',
      (it) => {
        it.ledger.journal = it.ledger.journal.map((entry, index) =>
          index === 3 ? { ...entry, verdict: 'rejected' } : entry,
        )
      },
      '6 Every event was',
    ],
    [
      'an event that the collector lacks',
      (it) => void (it.ledger.collected = it.ledger.collected.slice(0, -1)),
      '6 Every event was',
    ],
    ['an event that waits', (it) => void (it.ledger.waiting = 1), '6 Every event was'],
    ['a record that nobody adopted', (it) => void (it.ledger.unfinished = 1), '6 Every event was'],
  ])('%s', (_, change, claims) => {
    expect(failing(change)).toBe(claims)
  })
})
