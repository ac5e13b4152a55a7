import { describe, expect, test } from 'vitest'
import { judgeKey, judgeProxy, judgeRegion, resolveDestinations } from '../../../src/cli/probes/destinations.ts'

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
