import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AnonId } from '../../src/identity/identity.ts'
import {
  encodePrincipalFile,
  hashCredential,
  isOvertaken,
  isRetryWaiting,
  isSameCredential,
  machineMark,
  NO_PRINCIPAL_FILE,
  type PrincipalFile,
  readPrincipalFile,
} from '../../src/identity/principal-file.ts'

let path: string
beforeEach(() => {
  path = join(mkdtempSync(join(process.env['AFTERWORD_TEST_HOME'] ?? '/tmp', 'principal-')), 'principal.json')
})
afterEach(() => rmSync(join(path, '..'), { recursive: true }))

const NOW = Date.parse('2026-06-01T12:00:00Z')
const at = (offsetMs: number): string => new Date(NOW + offsetMs).toISOString()

test('readPrincipalFile() reads back what encodePrincipalFile() wrote', () => {
  const file: PrincipalFile = { credential_hash: 'a:b', machine: 'm', retry_after: at(0), told_at: at(1) }
  writeFileSync(path, encodePrincipalFile(file))
  expect(readPrincipalFile(path)).toEqual(file)
})

test.each(['', '{', 'null', '1', '[]', '{"machine":1,"told_at":[],"retry_after":{}}', '"x"'])(
  'readPrincipalFile() of %j knows nothing',
  (text) => {
    writeFileSync(path, text)
    expect(readPrincipalFile(path)).toEqual(NO_PRINCIPAL_FILE)
  },
)

test('readPrincipalFile() of nothing knows nothing', () => {
  expect(readPrincipalFile(path)).toEqual(NO_PRINCIPAL_FILE)
})

describe('hashCredential()', () => {
  test('hashCredential() is salted: twice the same credential, two hashes, both recognised', () => {
    const [a, b] = [hashCredential('secret'), hashCredential('secret')]
    expect(a).not.toBe(b)
    for (const hash of [a, b]) {
      expect(isSameCredential('secret', hash)).toBe(true)
      expect(isSameCredential('secret2', hash)).toBe(false)
      expect(hash).not.toContain('secret')
    }
  })

  test.each([null, '', ':', 'x', 'salt:'])('isSameCredential() with the hash %j is false', (hash) => {
    expect(isSameCredential('secret', hash)).toBe(false)
  })
})

test('machineMark() is the same for one id, differs for another, and says neither', () => {
  const [a, b] = ['anon-1', 'anon-2'] as AnonId[] as [AnonId, AnonId]
  expect(machineMark(a)).toBe(machineMark(a))
  expect(machineMark(a)).not.toBe(machineMark(b))
  expect(machineMark(a)).toMatch(/^[0-9a-f]{64}$/)
  expect(machineMark(a)).not.toContain(readFileSync('/proc/sys/kernel/hostname', 'utf8').trim())
})

const DAY = 24 * 3_600_000
test.each([
  [null, false],
  ['nonsense', false],
  [at(-1), false],
  [at(0), false],
  [at(1), true],
  [at(DAY - 1), true],
  [at(DAY), false], // a clock that was wrong
  [at(365 * DAY), false],
])('isRetryWaiting() until %s: %s', (retry_after, waiting) => {
  expect(isRetryWaiting({ ...NO_PRINCIPAL_FILE, retry_after }, NOW)).toBe(waiting)
})

test.each([
  ['never said', null, at(-10), false],
  ['nonsense', 'nonsense', at(-10), false],
  ['said earlier', at(-20), at(-10), false],
  ['said at the same moment', at(-10), at(-10), true],
  ['said later', at(-5), at(-10), true],
  ['said in the future, by a broken clock', at(5), at(-10), false],
])('isOvertaken() the last word was %s', (_, told_at, toldAt, overtaken) => {
  expect(isOvertaken({ ...NO_PRINCIPAL_FILE, told_at }, toldAt, NOW)).toBe(overtaken)
})
