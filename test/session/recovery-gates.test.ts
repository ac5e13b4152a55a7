import { expect, test } from 'vitest'
import {
  decideClaim,
  decideEnd,
  type EndFacts,
  type LeftFacts,
  RECOVERY_AGES,
} from '../../src/session/recovery-gates.ts'
import type { SessionRecord } from '../../src/session/session-record.ts'

const ID = '01900000-0000-7000-8000-000000000001'
const OLD = RECOVERY_AGES.quarantineMs + 1
const record = { session_id: ID } as SessionRecord

const dead: LeftFacts = {
  entry: 'private-directory',
  name: ID,
  isNamedByUuid: true,
  ageMs: 0,
  record: { kind: 'record', record },
  owner: 'dead',
  isSameBoot: true,
  tracer: 'gone',
}

test.each<readonly [string, Partial<LeftFacts>, string]>([
  ['the owner is dead', {}, 'claim'],
  ['a link', { entry: 'symlink' }, 'leave symlink'],
  ['an old link', { entry: 'symlink', ageMs: OLD }, 'quarantine symlink'],
  ['a file, or of another user', { entry: 'other' }, 'leave foreign'],
  ['an old one of another user', { entry: 'other', ageMs: OLD }, 'quarantine foreign'],
  ['another name', { isNamedByUuid: false }, 'leave foreign'],
  ['the owner answers', { owner: 'alive' }, 'leave live'],
  ['the owner answers, before it is enrolled', { owner: 'alive', record: { kind: 'absent' } }, 'leave live'],
  ['the owner answers, of old', { owner: 'alive', ageMs: OLD }, 'leave live'],
  ['just made', { record: { kind: 'absent' } }, 'leave too_young'],
  ['never enrolled', { record: { kind: 'absent' }, ageMs: RECOVERY_AGES.youngMs }, 'leave not_enrolled'],
  ['never enrolled, old', { record: { kind: 'absent' }, ageMs: OLD }, 'quarantine not_enrolled'],
  ['torn', { record: { kind: 'torn' } }, 'leave torn'],
  ['torn, old', { record: { kind: 'torn' }, ageMs: OLD }, 'quarantine torn'],
  ['of a newer version', { record: { kind: 'future-schema' } }, 'leave future_schema'],
  ['of a newer version, old', { record: { kind: 'future-schema' }, ageMs: OLD }, 'leave future_schema'],
  ['a record of another id', { record: { kind: 'record', record: { ...record, session_id: 'x' } } }, 'leave alien'],
  ['no socket, the tracer gone', { owner: 'no-socket' }, 'claim'],
  ['no socket, the tracer alive', { owner: 'no-socket', tracer: 'alive' }, 'leave live'],
  ['no socket, another namespace', { owner: 'no-socket', tracer: 'unknown' }, 'leave elsewhere'],
  ['no socket, another namespace, old', { owner: 'no-socket', tracer: 'unknown', ageMs: OLD }, 'claim'],
  ['refused, another boot of this host', { isSameBoot: false }, 'claim'],
  ['refused, another machine', { isSameBoot: false, tracer: 'unknown' }, 'leave elsewhere'],
])('decideClaim() %s', (_, facts, wanted) => {
  const decision = decideClaim({ ...dead, ...facts })
  expect('verdict' in decision ? `${decision.kind} ${decision.verdict}` : decision.kind).toBe(wanted)
})

const ended: EndFacts = { hasSummary: false, isAlien: false, isSameBoot: true, target: 'gone', oomKill: null }

test.each<readonly [string, Partial<EndFacts>, string]>([
  ['both are gone', {}, 'recovered crashed'],
  ['somebody else’s trace', { isAlien: true, hasSummary: true }, 'alien crashed'],
  ['the owner had written it', { hasSummary: true, isSameBoot: false }, 'finished crashed'],
  ['the machine was started again', { isSameBoot: false, target: 'gone' }, 'reboot reboot'],
  ['the workload lives', { target: 'alive', oomKill: 'confirmed' }, 'tracer_lost tracer_lost'],
  ['the kernel killed for memory', { oomKill: 'confirmed' }, 'recovered oom_killed'],
])('decideEnd() %s', (_, facts, wanted) => {
  const { verdict, termination } = decideEnd({ ...ended, ...facts })
  expect(`${verdict} ${termination}`).toBe(wanted)
})
