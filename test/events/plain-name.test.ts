import fc from 'fast-check'
import { expect, test } from 'vitest'
import { looksSecret } from '../../src/events/looks-secret.ts'
import { isPlainName } from '../../src/events/plain-name.ts'

test.each(['toolkit.run', 'pull-request.create', 'project.environment.describe-all', 'db:push2', 'run_all_the_tests'])(
  'isPlainName() knows %s without the patterns',
  (name) => {
    expect(isPlainName(name)).toBe(true)
    expect(looksSecret(name)).toBe(false)
  },
)

/** How secrets begin, and what names are made of. */
const PIECES = [
  ...'ghp_ gho_ github_pat_ glpat- glsoat- sk- rk_live_ pk_test_ xoxb- xapp- phc_ phx_ npm_ hf_ ya29. dop_v1_ shpat_ shpca_'.split(
    ' ',
  ),
  ...'pypi- dckr_pat_ hvs. AKIA SG. eyJ - _ . : 0 7 42 a e k deadbeef cafe run list environment configure strengths'.split(
    ' ',
  ),
  ...'abcdefghijkl qwrtpsdf aeiou deadbeef-dead-beef-cafe-deadbeefcafe'.split(' '),
]
const name = fc.oneof(
  fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 8 }).map((pieces) => pieces.join('')),
  fc.string({ unit: fc.constantFrom(...'abcdefstuvwxyz.:-_019'), minLength: 7, maxLength: 40 }),
)

test('isPlainName() is never true for what looksSecret()', () => {
  fc.assert(
    fc.property(name, (text) => !isPlainName(text) || !looksSecret(text)),
    { numRuns: 20_000 },
  )
})
