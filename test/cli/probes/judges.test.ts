import { describe, expect, test } from 'vitest'
import { judgeKey, judgeProxy, judgeRegion, resolveDestinations } from '../../../src/cli/probes/destinations.ts'
import { type DirectoryFacts, judgeDirectory, judgeTelemetryFolder } from '../../../src/cli/probes/directory.ts'
import { isReachable, judgeReach } from '../../../src/cli/probes/judge-reach.ts'
import {
  fateOf,
  judgeLastRun,
  judgeReporterLock,
  judgeReporterProcess,
} from '../../../src/cli/probes/judge-reporter.ts'
import { judgeBackoff, judgeBegun, judgeJournal, judgeWaiting } from '../../../src/cli/probes/judge-spool.ts'
import type { Step } from '../../../src/cli/probes/reach-step.ts'
import { judgeStart } from '../../../src/cli/probes/reporter-start.ts'
import { judgeDelivery, judgeRuntime, judgeWindowsJob } from '../../../src/cli/probes/runtime.ts'
import { judgeUsage, judgeUsageLock, type UsageFacts } from '../../../src/cli/probes/usage-file.ts'
import type { AnonId } from '../../../src/identity/identity.ts'
import { ANON_ID, makeEnvelope } from '../../support/envelopes.ts'
import { ago, holder, lock, NOW, PID, run, spool } from './facts.ts'

const SECRET = `phx_${'s'.repeat(43)}`

test.each([
  ['phc_test', 'PASS', 'phc_test has the shape of a project key'],
  [`phc_${'a'.repeat(43)}`, 'PASS', 'phc_aaaaa… has'],
  ['', 'FAIL', 'there is none'],
  [SECRET, 'FAIL', 'a personal key, a secret: revoke it'],
  [`phs_${'s'.repeat(43)}`, 'FAIL', 'phs_… is not a project key'],
  ['a'.repeat(65), 'FAIL', 'longer than 64'],
  ['clé', 'FAIL', 'plain characters'],
  ['mine', 'WARN', 'has not the shape'],
] as const)('judgeKey(%s) is %s', (key, verdict, words) => {
  const judged = judgeKey(key)
  expect(judged).toMatchObject({ verdict, evidence: expect.stringContaining(words) })
  expect(judged.evidence).not.toContain('sss')
})

test.each([
  ['https://us.i.posthog.com', 'PASS', 'US cloud'],
  ['https://eu.i.posthog.com', 'PASS', 'EU cloud'],
  ['http://eu.i.posthog.com', 'WARN', 'over http'],
  ['https://app.posthog.com', 'WARN', 'they are sent to https://us.i.posthog.com'],
  ['https://us.posthog.com', 'WARN', 'they are sent to https://us.i.posthog.com'],
  ['https://eu.posthog.com', 'WARN', 'they are sent to https://eu.i.posthog.com'],
  ['https://posthog.com', 'WARN', 'is none of'],
  ['https://us-assets.i.posthog.com', 'WARN', 'is none of'],
  ['https://notposthog.com', 'n/a', "not PostHog's cloud"],
  ['http://127.0.0.1:8484', 'n/a', "not PostHog's cloud"],
  ['eu.i.posthog.com', 'FAIL', 'is no address'],
  ['ftp://eu.i.posthog.com', 'FAIL', 'wants https://'],
] as const)('judgeRegion(%s) is %s', (host, verdict, words) => {
  expect(judgeRegion(host)).toMatchObject({ verdict, evidence: expect.stringContaining(words) })
})

test.each([
  [{}, 'n/a', 'none'],
  [{ https_proxy: 'http://who:secret@proxy:3128' }, 'PASS', 'through http://proxy:3128'],
  [{ https_proxy: 'http://proxy:3128', no_proxy: '.posthog.com' }, 'n/a', 'none'],
  [{ all_proxy: 'socks5://proxy:1080' }, 'FAIL', 'SOCKS'],
  [{ https_proxy: 'http://:0:0:0' }, 'FAIL', 'is no address'],
] as const)('judgeProxy() with %j is %s', (env, verdict, words) => {
  const judged = judgeProxy('https://eu.i.posthog.com', env)
  expect(judged).toMatchObject({ verdict, evidence: expect.stringContaining(words) })
  expect(judged.evidence).not.toContain('secret')
})

describe('resolveDestinations()', () => {
  const known = {
    waiting: [
      { host: 'https://a/', api_key: 'phc_a' },
      { host: 'https://b', api_key: 'phc_b' },
    ],
    backoff: { 'https://a phc_a': { not_before: null, failures: 1, reason: '' } },
    lastReporter: { host: 'https://c', api_key: 'phc_c' },
  }
  test.each([
    ['the command line alone', { host: 'https://x/', apiKey: 'k' }, known, ['https://x k']],
    ["the newest event's key for a host alone", { host: 'https://x' }, known, ['https://x phc_b']],
    [
      'what waits, the back-off, the last reporter',
      {},
      known,
      ['https://b phc_b', 'https://a phc_a', 'https://c phc_c'],
    ],
    ['nothing', {}, { waiting: [], backoff: {}, lastReporter: null }, []],
    [
      'nothing for a host alone',
      { host: 'https://x' },
      { waiting: [], backoff: {}, lastReporter: null },
      ['https://x '],
    ],
  ])('takes %s', (_, given, from, wanted) => {
    expect(resolveDestinations(given, from).map(({ host, apiKey }) => `${host} ${apiKey}`)).toEqual(wanted)
  })

  test('asks three at most', () => {
    const waiting = Array.from({ length: 9 }, (_, index) => ({ host: `https://h${index}`, api_key: 'k' }))
    expect(resolveDestinations({}, { ...known, waiting })).toHaveLength(3)
  })
})

describe('directory and usage.json', () => {
  const facts: DirectoryFacts = {
    path: '/d',
    kind: 'there',
    unusable: null,
    write: null,
    mode: 0o40700,
    telemetryMode: 0o40700,
  }
  test.each([
    [{}, 'PASS', 'ours, 0700, 32 KiB written'],
    [{ write: 'ENOSPC' }, 'FAIL', 'the disk is full'],
    [{ write: 'not-tried' }, 'PASS', 'writable by its mode'],
    [{ unusable: 'not-ours' }, 'FAIL', 'another user'],
    [{ path: null, kind: 'absent', unusable: 'no-home', mode: null }, 'FAIL', 'no HOME'],
    [{ kind: 'absent', mode: null }, 'n/a', 'the first command makes it'],
  ] as const)('judgeDirectory(%j) is %s', (more, verdict, words) => {
    expect(judgeDirectory({ ...facts, ...more }, 'X')).toMatchObject({
      verdict,
      evidence: expect.stringContaining(words),
    })
  })

  test.each([
    [0o40700, 'PASS'],
    [0o40777, 'WARN'],
    [null, 'n/a'],
  ] as const)('judgeTelemetryFolder() of mode %o is %s', (telemetryMode, verdict) => {
    expect(judgeTelemetryFolder({ ...facts, telemetryMode }).verdict).toBe(verdict)
  })

  const identity = { anon_id: ANON_ID as AnonId, linked_principal_id: null }
  const usage: UsageFacts = {
    file: { kind: 'identity', identity, text: '' },
    mode: 0o600,
    setAside: 0,
    lock: { kind: 'absent' },
  }
  test.each([
    [{}, 'PASS', 'whole: anonymous 7f0c8a53'],
    [{ mode: 0o644 }, 'WARN', 'others may look'],
    [{ setAside: 1 }, 'PASS', '1 damaged one set aside'],
    [{ file: { kind: 'damaged', text: '{' } }, 'FAIL', 'no identity'],
    [{ file: { kind: 'unreadable', reason: 'EACCES' } }, 'FAIL', 'EACCES'],
    [{ file: { kind: 'absent' } }, 'n/a', 'not there yet'],
  ] as const)('judgeUsage(%j) is %s', (more, verdict, words) => {
    expect(judgeUsage({ ...usage, ...more })).toMatchObject({ verdict, evidence: expect.stringContaining(words) })
  })

  test.each([
    [{ kind: 'absent' }, 'PASS', 'free'],
    [{ kind: 'folder', ageMs: 40 }, 'PASS', 'held for 40 ms'],
    [{ kind: 'folder', ageMs: 60_000 }, 'WARN', 'left 60 seconds ago'],
    [{ kind: 'in-the-way', ageMs: 1 }, 'FAIL', 'no lock'],
  ] as const)('judgeUsageLock(%j) is %s', (lockFacts, verdict, words) => {
    expect(judgeUsageLock({ ...usage, lock: lockFacts })).toMatchObject({
      verdict,
      evidence: expect.stringContaining(words),
    })
  })
})

describe('reporter', () => {
  test.each([
    ['absent', lock({ kind: 'absent', content: null }), 'PASS', 'not held'],
    ['young, unsigned', lock({ ageMs: 300 }), 'PASS', 'still starting'],
    ['unsigned', lock({ ageMs: 5000 }), 'FAIL', 'no reporter ever signed it'],
    ['of one that lives', lock({ holder: holder() }), 'PASS', `by pid ${PID}, which lives`],
    [
      'of one that is gone',
      lock({ holder: holder({ verdict: 'gone', now: null }) }),
      'FAIL',
      'is gone. No command starts another for 9.0 s',
    ],
    [
      'stale',
      lock({ ageMs: 60_000, holder: holder({ verdict: 'gone', now: null }) }),
      'FAIL',
      'The next command takes it over',
    ],
    ['stale, of one that lives', lock({ ageMs: 60_000, holder: holder() }), 'FAIL', 'longer than a reporter may live'],
    ["another container's", lock({ holder: holder({ verdict: 'unknown' }) }), 'WARN', 'another machine or container'],
    ['of the future', lock({ ageMs: -60_000 }), 'WARN', 'a clock was wrong'],
    ['torn', lock({ content: null }), 'WARN', 'cannot be understood'],
    ['a folder', lock({ kind: 'not-a-file', content: null }), 'WARN', 'no plain file'],
  ] as const)('judgeReporterLock() of a lock %s', (_, facts, verdict, words) => {
    expect(judgeReporterLock(facts)).toMatchObject({ verdict, evidence: expect.stringContaining(words) })
  })

  test.each([
    ['none', null, 'n/a', 'no lock names one'],
    ['alive', holder(), 'PASS', `pid ${PID} lives: state S, 3.0 s old, same start ticks and boot`],
    ['stopped', holder({ now: { state: 'T', startTicks: 7 } }), 'FAIL', 'stopped'],
    ['gone', holder({ verdict: 'gone', now: null }), 'FAIL', `there is no pid ${PID}`],
    ['a zombie', holder({ verdict: 'gone', now: { state: 'Z', startTicks: 7 } }), 'FAIL', 'dead (state Z)'],
    [
      'reused',
      holder({ verdict: 'gone', now: { state: 'S', startTicks: 9 } }),
      'FAIL',
      'is another process now: it started at tick 9, the reporter at tick 7',
    ],
    ['of an earlier boot', holder({ verdict: 'gone', boot: 'old' }), 'FAIL', 'an earlier boot'],
    ['unknown', holder({ verdict: 'unknown' }), 'WARN', 'not to be judged'],
  ] as const)('judgeReporterProcess() of one that is %s', (_, facts, verdict, words) => {
    expect(judgeReporterProcess(facts)).toMatchObject({ verdict, evidence: expect.stringContaining(words) })
  })

  test.each([
    ['none', { kind: 'absent' }, null, 'none', 'n/a'],
    ['torn', { kind: 'torn' }, null, 'torn', 'WARN'],
    ['done', run({ end: 'done' }), null, 'done', 'PASS'],
    ['at work', run(), holder(), 'at-work', 'PASS'],
    ['at work, lock unsigned', run({ processLives: true }), null, 'at-work', 'PASS'],
    ['gone', run(), holder({ verdict: 'gone' }), 'killed', 'FAIL'],
    ['gone, lock another’s', run(), holder({ pid: 1 }), 'killed', 'FAIL'],
    ['over time', run({ startedAt: ago(60_000) }), holder(), 'overdue', 'FAIL'],
    ['elsewhere', run(), holder({ verdict: 'unknown' }), 'unknown', 'WARN'],
    ['elsewhere long ago', run({ startedAt: ago(60_000) }), holder({ verdict: 'unknown' }), 'killed', 'FAIL'],
  ] as const)('fateOf() and judgeLastRun() of one %s', (_, last, named, fate, verdict) => {
    expect(fateOf(last, named, NOW)).toBe(fate)
    expect(judgeLastRun(last, fate, NOW).verdict).toBe(verdict)
  })

  test.each([
    [{ kind: 'skipped' }, 'n/a', 'nothing is started'],
    [{ kind: 'not-started', reason: 'script-missing' }, 'FAIL', 'script-missing'],
    [{ kind: 'ended', code: 0, signal: null, ms: 90, box: 'outside' }, 'PASS', 'in 90 ms, box: timeout(1)'],
    [{ kind: 'ended', code: 0, signal: null, ms: 90, box: 'inside' }, 'PASS', 'its own watchdog'],
    [{ kind: 'ended', code: 1, signal: null, ms: 90, box: 'outside' }, 'FAIL', 'exit code 1'],
    [{ kind: 'ended', code: 137, signal: null, ms: 3500, box: 'outside' }, 'FAIL', 'still there after 3.5 s'],
    [{ kind: 'ended', code: null, signal: 'SIGSEGV', ms: 9, box: 'inside' }, 'FAIL', 'SIGSEGV'],
  ] as const)('judgeStart(%j) is %s', (facts, verdict, words) => {
    expect(judgeStart(facts)).toMatchObject({ verdict, evidence: expect.stringContaining(words) })
  })

  test.each([
    [{ node: '20.19.0' }, 'PASS'],
    [{ node: '26.1.0' }, 'PASS'],
    [{ node: '20.18.3' }, 'FAIL'],
    [{ node: '18.20.0' }, 'FAIL'],
    [{ node: '24.0.0', bun: '1.4.4' }, 'WARN'],
  ] as const)('judgeRuntime(%j) is %s', (versions, verdict) => {
    expect(judgeRuntime({ versions, platform: 'linux' }).verdict).toBe(verdict)
  })

  test('judgeDelivery() and judgeWindowsJob() know where they do not apply', () => {
    expect((['detached', 'inline', 'spool-only'] as const).map((mode) => judgeDelivery(mode).verdict)).toEqual([
      'PASS',
      'PASS',
      'WARN',
    ])
    expect(judgeWindowsJob({ versions: {}, platform: 'linux' }).verdict).toBe('n/a')
  })
})

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

describe('endpoint', () => {
  const HOST = 'https://x'
  const step = (more: Partial<Step> & Pick<Step, 'step'>): Step => ({
    host: HOST,
    kind: 'done',
    ms: 5,
    detail: 'd',
    ...more,
  })
  const answered = (status: number, more: Partial<NonNullable<Step['answer']>> = {}): Step =>
    step({ step: 'http', answer: { status, isHtml: false, location: null, ...more } })

  test.each([
    [answered(200), 'PASS', '200 in 5 ms; no event was sent'],
    [answered(204), 'PASS', '204'],
    [answered(200, { isHtml: true }), 'FAIL', 'captive portal'],
    [answered(302, { location: 'https://login' }), 'FAIL', 'leads to https://login'],
    [answered(401), 'FAIL', 'refuses'],
    [answered(404), 'FAIL', 'no endpoint'],
    [answered(405), 'WARN', 'does not know this question'],
    [answered(407), 'FAIL', 'the proxy wants'],
    [answered(503), 'FAIL', 'in trouble'],
    [answered(418), 'FAIL', '418'],
    [step({ step: 'http', kind: 'failed', detail: 'PROXY_403' }), 'FAIL', 'the proxy does not let us through'],
    [step({ step: 'http', kind: 'timeout', detail: 'no answer in 1.5 s' }), 'FAIL', 'no answer in 1.5 s'],
    [step({ step: 'tls', kind: 'failed', detail: 'SELF_SIGNED_CERT_IN_CHAIN' }), 'FAIL', 'NODE_EXTRA_CA_CERTS'],
    [step({ step: 'tls', kind: 'skipped', detail: 'not asked for: http' }), 'n/a', 'not asked for'],
    [step({ step: 'tcp', kind: 'failed', detail: 'ECONNREFUSED' }), 'FAIL', 'nobody listens'],
    [step({ step: 'dns', kind: 'failed', detail: 'ENOTFOUND' }), 'FAIL', 'not known here'],
  ] as const)('judgeReach() of %j is %s', (one, verdict, words) => {
    const judged = judgeReach(HOST, [one]).find(({ name }) => name === one.step)
    expect(judged).toMatchObject({ verdict, evidence: expect.stringContaining(words) })
    expect(isReachable(HOST, [one])).toBe(one.step === 'http' && verdict === 'PASS')
  })

  test('judgeReach() tells what was not tried from what was not answered', () => {
    const verdicts = (steps: readonly Step[]) => judgeReach(HOST, steps).map(({ verdict }) => verdict)
    expect(verdicts([step({ step: 'dns', kind: 'failed' })])).toEqual(['FAIL', 'n/a', 'n/a', 'n/a'])
    expect(verdicts([step({ step: 'dns' })])).toEqual(['PASS', 'FAIL', 'FAIL', 'FAIL'])
    expect(verdicts([])).toEqual(['FAIL', 'FAIL', 'FAIL', 'FAIL'])
  })
})
