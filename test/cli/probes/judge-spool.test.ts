import { describe, expect, test } from 'vitest'
import { judgeBackoff, judgeBegun, judgeJournal, judgeWaiting } from '../../../src/cli/probes/judge-spool.ts'
import { makeEnvelope } from '../../support/envelopes.ts'
import { ago, NOW, PID, spool } from './facts.ts'

describe('events', () => {
  const old = makeEnvelope({}, NOW - 3 * 86_400_000)
  const young = makeEnvelope({}, NOW - 60_000)
  test.each([
    ['nothing', spool(), 'PASS', 'nothing'],
    ['one', spool({ waiting: [young] }), 'PASS', '1 event, the oldest for 1 minute'],
    ['an old one', spool({ waiting: [old, young] }), 'WARN', '2 events, the oldest for 3 days'],
    ['a torn one', spool({ foreign: 1 }), 'WARN', '1 file torn'],
    ['too many', spool({ waiting: Array.from({ length: 1000 }, () => young) }), 'FAIL', 'as many as may wait'],
  ] as const)('judgeWaiting() of %s', (_, facts, verdict, words) => {
    expect(judgeWaiting(facts, NOW)).toMatchObject({ verdict, evidence: expect.stringContaining(words) })
  })

  const begun = (verdict: 'alive' | 'gone' | 'unknown') => ({ verdict, pid: PID, envelope: young })
  test.each([
    ['nothing', spool(), 'PASS', 'nothing'],
    ['a running one', spool({ begun: [begun('alive')] }), 'PASS', `toolkit.run runs as pid ${PID}`],
    [
      'a dead one',
      spool({ begun: [begun('gone')] }),
      'WARN',
      `1 record of dead processes (pid ${PID}). The next reporter sends it.`,
    ],
    ['one from elsewhere', spool({ begun: [begun('unknown')] }), 'PASS', 'another machine'],
    ['a finished one', spool({ unpublished: [young] }), 'WARN', 'before its last rename'],
    ['a torn one', spool({ tornBegun: 1 }), 'WARN', '1 file torn'],
  ] as const)('judgeBegun() of %s', (_, facts, verdict, words) => {
    expect(judgeBegun(facts)).toMatchObject({ verdict, evidence: expect.stringContaining(words) })
  })

  const line = { at: ago(60_000), verdict: 'accepted', uuid: 'u', event: 'e' } as const
  test.each([
    ['none', spool(), 'n/a', 'not there yet'],
    ['unreadable', spool({ journalThere: true, journalUnreadable: 'EACCES' }), 'FAIL', 'EACCES'],
    ['empty', spool({ journalThere: true }), 'WARN', 'no line'],
    ['accepted', spool({ journalThere: true, journal: [line] }), 'PASS', 'e accepted'],
    [
      'rejected',
      spool({ journalThere: true, journal: [{ ...line, verdict: 'rejected', reason: 'http 400' }] }),
      'WARN',
      'rejected (http 400)',
    ],
  ] as const)('judgeJournal() of one that is %s', (_, facts, verdict, words) => {
    expect(judgeJournal(facts, NOW)).toMatchObject({ verdict, evidence: expect.stringContaining(words) })
  })

  test.each([
    ['nothing', {}, 'PASS', 'none'],
    [
      'a wait',
      { 'http://x k': { not_before: ago(-60_000), failures: 2, reason: 'http 503' } },
      'FAIL',
      'http://x waits until',
    ],
    ['a pause', { 'http://x k': { not_before: ago(-60_000), failures: 0, reason: 'http 401' } }, 'FAIL', 'http 401'],
    [
      'a failure whose wait is over',
      { 'http://x k': { not_before: ago(1), failures: 1, reason: 'unfinished' } },
      'FAIL',
      'no answer so far',
    ],
    [
      'a clock that was wrong',
      { 'http://x k': { not_before: '2099-01-01T00:00:00.000Z', failures: 0, reason: '' } },
      'WARN',
      'ignored',
    ],
    [
      'suspects alone',
      {
        'http://x k': {
          not_before: null,
          failures: 0,
          reason: '',
          suspects: { u: { not_before: ago(-9000), failures: 1 } },
        },
      },
      'WARN',
      'tried alone',
    ],
    ['what is answered again', { 'http://x k': { not_before: null, failures: 0, reason: 'answered' } }, 'PASS', 'none'],
  ] as const)('judgeBackoff() of %s', (_, backoff, verdict, words) => {
    expect(judgeBackoff(backoff, NOW)).toEqual([
      { name: 'back-off', verdict, evidence: expect.stringContaining(words) },
    ])
  })
})
