import { describe, expect, test } from 'vitest'
import { isReachable, judgeReach } from '../../../src/cli/probes/judge-reach.ts'
import type { Step } from '../../../src/cli/probes/reach-step.ts'

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
