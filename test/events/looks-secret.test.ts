import { constants } from 'node:os'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { looksSecret } from '../../src/events/looks-secret.ts'

// Put together here, so that no scanner takes this file for a leak.
const tail = 'Zq7Xw2Lk9Pv4Nm8Rt3Yb6Hc1Jd5Fg0Sa'
test.each([
  `ghp_${tail}`,
  `gho_${tail}`,
  `github_pat_${tail}`,
  `glpat-${tail.slice(0, 20)}`,
  `sk-${tail}`,
  `sk-ant-api03-${tail}`,
  `sk-proj-${tail}`,
  `sk_live_${tail}`,
  `xoxb-123456789012-${tail}`,
  `xoxp-${tail}`,
  'AKIAIOSFODNN7EXAMPLE',
  'ASIAIOSFODNN7EXAMPLE',
  `AIza${tail}`,
  `phc_${tail}`,
  `phx_${tail}`,
  `npm_${tail}`,
  'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcdef',
  '-----BEGIN RSA PRIVATE KEY-----',
  '550e8400-e29b-41d4-a716-446655440000',
  'deadbeefdeadbeef',
  'da39a3ee5e6b4b0d3255bfef95601890afd80709',
  'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  'postgres://bob:hunter2@db/x',
  'a1b2c3d4',
  '4111111111111111',
  `prefix:${tail}:suffix`,
])('looksSecret() of %s', (value) => {
  expect(looksSecret(value)).toBe(true)
})

test.each([
  'toolkit.run',
  'toolkit.environment.variables.set',
  'db.migrate:create-migration',
  'k8s.cluster.node-pool.autoscale',
  'x86_64-unknown-linux-gnu',
  'aarch64-apple-darwin',
  'node20-alpine3.19',
  'claude-sonnet-4-5-20250929',
  'gpt-4o-mini-2024-07-18',
  'ap-northeast-2.compute.internal',
  'application/vnd.api+json',
  'InternalServerErrorException',
  'ERR_HTTP2_STREAM_CANCEL',
  'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UND_ERR_CONNECT_TIMEOUT',
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'createHttpServerWithOptions',
  ...Object.keys(constants.errno),
])('looksSecret() leaves %s alone', (value) => {
  expect(looksSecret(value)).toBe(false)
})

const ALPHABETS = {
  'hex from 16 on': ['0123456789abcdef', 16],
  'base64url from 24 on': ['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_', 24],
  'base36 from 24 on': ['abcdefghijklmnopqrstuvwxyz0123456789', 24],
} as const

test.each(Object.entries(ALPHABETS))('looksSecret() knows random %s', (_, [alphabet, length]) => {
  const strings = fc.array(fc.nat(alphabet.length - 1), { minLength: length, maxLength: 64 })
  const missed = fc
    .sample(fc.noBias(strings), { numRuns: 5000, seed: 1 })
    .map((indices) => indices.map((index) => alphabet[index]).join(''))
    .filter((text) => !looksSecret(text))
  // A guess has its misses: 1 in 1,000.
  expect(missed.length, missed.join(' ')).toBeLessThanOrEqual(5)
})

test('looksSecret() says the same of ASCII text, whichever pattern takes it apart', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 8, maxLength: 80, unit: 'binary-ascii' }), (text) => {
      expect(looksSecret(`${text} é`)).toBe(looksSecret(`${text} e`))
    }),
  )
})
