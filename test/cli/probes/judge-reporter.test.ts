import { describe, expect, test } from 'vitest'
import {
  fateOf,
  judgeLastRun,
  judgeReporterLock,
  judgeReporterProcess,
} from '../../../src/cli/probes/judge-reporter.ts'
import { judgeStart } from '../../../src/cli/probes/reporter-start.ts'
import { judgeDelivery, judgeRuntime, judgeWindowsJob, platformFacts } from '../../../src/cli/probes/runtime.ts'
import { ago, holder, lock, NOW, PID, run } from './facts.ts'

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

  const HERE = { versions: { node: '20.19.0' }, platform: 'linux', runtime: 'node', refused: null, inJob: null }

  test.each([
    [{}, 'PASS'],
    [{ versions: { node: '26.1.0' } }, 'PASS'],
    [{ versions: { node: '20.18.3' } }, 'FAIL'],
    [{ versions: { node: '18.20.0' } }, 'FAIL'],
    [{ versions: { node: '24.0.0', bun: '1.4.4' }, runtime: 'bun' }, 'PASS'],
    [{ runtime: 'single-executable', refused: 'unsupported-runtime' }, 'WARN'],
    [{ refused: 'permission-denied', runtime: 'restricted' }, 'WARN'],
  ] as const)('judgeRuntime(%j) is %s', (facts, verdict) => {
    expect(judgeRuntime({ ...HERE, ...facts }).verdict).toBe(verdict)
  })

  test.each([
    [{}, 'n/a'],
    [{ platform: 'win32' }, 'n/a'],
    [{ platform: 'win32', inJob: true }, 'WARN'],
    [{ platform: 'win32', inJob: false }, 'PASS'],
  ] as const)('judgeWindowsJob(%j) is %s', (facts, verdict) => {
    expect(judgeWindowsJob({ ...HERE, ...facts }).verdict).toBe(verdict)
  })

  test('platformFacts() says what runs this test', () => {
    expect(platformFacts()).toMatchObject({ runtime: 'node', refused: null, inJob: null })
  })

  test('judgeDelivery() warns where no process can be started', () => {
    expect((['detached', 'inline', 'spool-only'] as const).map((mode) => judgeDelivery(mode).verdict)).toEqual([
      'PASS',
      'PASS',
      'WARN',
    ])
  })
})
