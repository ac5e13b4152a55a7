import { expect, test } from 'vitest'
import { type AtBegin, decideAtBegin } from '../../src/identity/decide-at-begin.ts'

const YES = true
const NO = false

// linked, canAsk, credential, same as the link's, retry waiting → what is due
const TABLE: readonly [boolean, boolean, 'not-told' | 'none' | 'text', boolean, boolean, AtBegin][] = [
  [NO, NO, 'not-told', NO, NO, 'nothing'],
  [NO, NO, 'none', NO, NO, 'nothing'],
  [NO, NO, 'text', NO, NO, 'nothing'],
  [NO, YES, 'none', NO, NO, 'nothing'],
  [YES, NO, 'none', NO, NO, 'sign-out'],
  [YES, YES, 'none', NO, NO, 'sign-out'],
  [YES, YES, 'none', NO, YES, 'sign-out'],
  [NO, YES, 'not-told', NO, NO, 'look-up'],
  [NO, YES, 'not-told', NO, YES, 'look-up'], // the look-up itself knows its credential, and may be too soon
  [YES, NO, 'not-told', NO, NO, 'nothing'],
  [YES, YES, 'not-told', NO, NO, 'nothing'],
  [YES, YES, 'text', YES, NO, 'nothing'],
  [YES, YES, 'text', NO, NO, 'look-up'],
  [YES, YES, 'text', NO, YES, 'look-up'],
  [YES, NO, 'text', NO, NO, 'nothing'],
  [NO, YES, 'text', NO, NO, 'look-up'],
  [NO, YES, 'text', YES, NO, 'look-up'],
  [NO, YES, 'text', YES, YES, 'nothing'],
  [NO, YES, 'text', NO, YES, 'look-up'],
]

test.each(TABLE)(
  'decideAtBegin() linked %s, can ask %s, credential %s, same %s, retry waiting %s: %s',
  (linked, canAsk, credential, same, retryWaiting, due) => {
    expect(decideAtBegin({ linked, canAsk, credential, sameCredential: () => same, retryWaiting })).toBe(due)
  },
)

test('decideAtBegin() pays for a hash only where it decides', () => {
  const sameCredential = (): boolean => {
    throw new Error('hashed')
  }
  const facts = { canAsk: true, retryWaiting: false, sameCredential }
  expect(decideAtBegin({ ...facts, linked: false, credential: 'text' })).toBe('look-up')
  expect(decideAtBegin({ ...facts, linked: true, credential: 'none' })).toBe('sign-out')
  expect(decideAtBegin({ ...facts, linked: true, credential: 'not-told' })).toBe('nothing')
})
