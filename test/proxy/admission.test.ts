import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type AdmissionFacts,
  type AdmissionSettings,
  decideAdmission,
  withoutToken,
} from '../../src/proxy/admission.ts'

const OPEN: AdmissionSettings = { loopback: true, token: null }
const GUARDED: AdmissionSettings = { loopback: true, token: 'correct-horse' }
const PLAIN: AdmissionFacts = {
  host: '127.0.0.1:9333',
  origin: undefined,
  fetchSite: undefined,
  authorization: undefined,
  target: '/json/version',
}

const ROWS: readonly (readonly [string, AdmissionSettings, Partial<AdmissionFacts>, 'admitted' | RegExp])[] = [
  ['nothing but an address', OPEN, {}, 'admitted'],
  ['localhost', OPEN, { host: 'localhost:9333' }, 'admitted'],
  ['a name below localhost', OPEN, { host: 'a.LocalHost' }, 'admitted'],
  ['an address of IPv6', OPEN, { host: '[::1]:9333' }, 'admitted'],
  ['a rebound name', OPEN, { host: 'evil.example:9333' }, /Host names no address/],
  ['a name that begins like ours', OPEN, { host: '127.0.0.1.evil.example' }, /Host names no address/],
  ['a name that ends like ours', OPEN, { host: 'evil-localhost' }, /Host names no address/],
  ['an address of another machine', OPEN, { host: '10.0.0.7:9333' }, /Host names no address/],
  ['no Host', OPEN, { host: undefined }, /Host names no address/],
  [
    'any name where others can reach us',
    { loopback: false, token: 'correct-horse' },
    { host: 'ci.example', target: '/?token=correct-horse' },
    'admitted',
  ],
  ['a page', OPEN, { origin: 'https://evil.example' }, /Origin/],
  ['a page on this machine', OPEN, { origin: 'http://127.0.0.1:3000' }, /Origin/],
  ['a file, or a page in a sandbox', OPEN, { origin: 'null' }, /Origin/],
  ['a DevTools page', OPEN, { origin: 'devtools://devtools' }, /Origin/],
  ['a client that names the address it dials', OPEN, { origin: 'http://127.0.0.1:9333' }, 'admitted'],
  ['an image of a page', OPEN, { fetchSite: 'cross-site' }, /Sec-Fetch-Site/],
  ['an image of a page on this machine', OPEN, { fetchSite: 'same-site' }, /Sec-Fetch-Site/],
  ['an address that somebody typed', OPEN, { fetchSite: 'none' }, 'admitted'],
  ['no token', GUARDED, {}, /token/],
  ['a wrong token', GUARDED, { target: '/json/version?token=correct-hors' }, /token/],
  ['an empty token', GUARDED, { target: '/json/version?token=' }, /token/],
  ['the token in the query', GUARDED, { target: '/json/version?a=1&token=correct-horse' }, 'admitted'],
  ['the token with escapes', GUARDED, { target: '/?token=correct%2Dhorse' }, 'admitted'],
  ['a stray escape', GUARDED, { target: '/?token=%' }, /token/],
  ['the token as a bearer', GUARDED, { authorization: 'Bearer correct-horse' }, 'admitted'],
  ['a wrong bearer', GUARDED, { authorization: 'Bearer correct-horses' }, /token/],
  ['the token, from a page', GUARDED, { target: '/?token=correct-horse', origin: 'https://evil.example' }, /Origin/],
]

test.each(ROWS)('decideAdmission() of %s', (_, settings, facts, wanted) => {
  const admission = decideAdmission({ ...PLAIN, ...facts }, settings)
  if (wanted === 'admitted') expect(admission.kind).toBe('admitted')
  else expect(admission).toMatchObject({ kind: 'refused', status: 403, text: expect.stringMatching(wanted) as string })
})

test('decideAdmission() admits no token but the one, whatever is tried', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (tried) => {
      fc.pre(tried !== 'correct-horse')
      const facts = { ...PLAIN, target: `/?token=${encodeURIComponent(tried)}` }
      expect(decideAdmission(facts, GUARDED).kind).toBe('refused')
    }),
  )
})

test.each([
  ['/json/version?token=x', '/json/version'],
  ['/json/new?http://a/?b=c&token=x', '/json/new?http://a/?b=c'],
  ['/?token=x&a=1', '/?a=1'],
  ['/json', '/json'],
  ['/?nottoken=1', '/?nottoken=1'],
])('withoutToken(%s) leaves %s', (target, left) => {
  expect(withoutToken(target)).toBe(left)
})
