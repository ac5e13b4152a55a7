import { expect, test } from 'vitest'
import { type DeepFacts, findContradictions } from '../../../src/cli/probes/contradictions.ts'
import type { Step } from '../../../src/cli/probes/reach-step.ts'
import { makeEnvelope } from '../../support/envelopes.ts'
import { ago, holder, lock, NOW, PID, run, spool } from './facts.ts'

const HOST = 'http://x'
const envelope = makeEnvelope({ host: HOST }, NOW - 60_000)
const accepted = { at: ago(60_000), verdict: 'accepted', uuid: envelope.uuid, event: 'e' } as const
const failing = { [`${HOST} phc_test`]: { not_before: ago(-60_000), failures: 1, reason: 'unfinished' } }
const up: Step = {
  host: HOST,
  step: 'http',
  kind: 'done',
  ms: 1,
  detail: '',
  answer: { status: 200, isHtml: false, location: null },
}
const down: Step = { host: HOST, step: 'tcp', kind: 'failed', ms: 1, detail: 'ECONNREFUSED' }
const gone = { verdict: 'gone', now: null } as const

const HEALTHY: DeepFacts = {
  nowMs: NOW,
  report: { delivery: 'detached', unusable: null, lastReporter: { host: HOST } },
  directory: { path: '/d', kind: 'there', unusable: null, write: null, mode: 0o700, telemetryMode: 0o700 },
  reporter: { lock: lock({ kind: 'absent', content: null }), lastRun: run({ end: 'done' }) },
  spool: spool({ journal: [{ ...accepted, uuid: 'another' }], journalThere: true }),
  backoff: {},
  backoffAtMs: null,
  start: { kind: 'ended', code: 0, signal: null, ms: 90, box: 'outside' },
  steps: [up],
}

test.each<readonly [name: string, facts: Partial<DeepFacts>, lies: readonly string[], words: string]>([
  ['nothing is wrong', {}, [], ''],
  ['a reporter is at work', { reporter: { lock: lock({ holder: holder() }), lastRun: run() } }, [], ''],
  [
    'the lock is held and its process gone',
    { reporter: { lock: lock({ holder: holder(gone) }), lastRun: run({ end: 'done' }) } },
    ['reporter.lock'],
    `it says that a reporter is at work, but there is no pid ${PID}. Commands believe the lock until 14:03:31`,
  ],
  [
    'a reporter was killed',
    { reporter: { lock: lock({ ageMs: 60_000, holder: holder(gone) }), lastRun: run({ startedAt: ago(60_000) }) } },
    ['reporter.lock', 'reporter.json'],
    'nobody lives',
  ],
  [
    'a reporter outlived its lock',
    { reporter: { lock: lock({ ageMs: 60_000, holder: holder() }), lastRun: run({ end: 'done' }) } },
    ['reporter.lock', 'reporter.json'],
    'by its age of 60 s its reporter is dead, but pid 4242 lives',
  ],
  [
    'a reporter of another container',
    { reporter: { lock: lock({ holder: holder({ verdict: 'unknown' }) }), lastRun: run() } },
    [],
    '',
  ],
  [
    'what waits was accepted',
    { spool: spool({ waiting: [envelope], journal: [accepted] }) },
    ['waiting'],
    '1 event in pending/ is accepted in the journal',
  ],
  [
    'what waits was accepted a moment ago, by a reporter that is about to delete it',
    {
      spool: spool({ waiting: [envelope], journal: [accepted] }),
      reporter: { lock: lock({ holder: holder() }), lastRun: run() },
    },
    [],
    '',
  ],
  [
    'the back-off fails and the endpoint answers',
    { backoff: failing, backoffAtMs: NOW },
    ['backoff.json'],
    'it answers now',
  ],
  [
    'the back-off fails, was written before the last acceptance, and nobody asks',
    { backoff: failing, backoffAtMs: NOW - 120_000, steps: [] },
    ['backoff.json'],
    'an event accepted after that',
  ],
  ['the back-off fails and was written after it', { backoff: failing, backoffAtMs: NOW, steps: [] }, [], ''],
  ['an event was accepted and the endpoint is down', { steps: [down] }, ['delivered'], 'that was earlier'],
  ['another endpoint is down', { steps: [{ ...down, host: 'http://y' }] }, [], ''],
  [
    'a write fails that status believes in',
    { directory: { ...HEALTHY.directory, write: 'ENOSPC' } },
    ['directory'],
    'ENOSPC',
  ],
  [
    'no reporter starts',
    { start: { kind: 'ended', code: 1, signal: null, ms: 9, box: 'outside' } },
    ['delivery'],
    'did not run',
  ],
  ['nothing was started, by consent', { start: { kind: 'skipped' }, steps: [] }, [], ''],
  [
    'a command died',
    { spool: spool({ begun: [{ verdict: 'gone', pid: 1, envelope }] }) },
    ['waiting'],
    'its process is gone',
  ],
  ['a command died at its end', { spool: spool({ unpublished: [envelope] }) }, ['waiting'], 'last rename'],
])('findContradictions() when %s', (_, more, lies, words) => {
  const found = findContradictions({ ...HEALTHY, ...more })
  expect(found.map((each) => each.lies)).toEqual(lies)
  expect(found.map(({ because }) => because).join(' ')).toContain(words)
})
