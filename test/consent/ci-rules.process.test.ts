import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isCi } from '../../src/consent/ci-rules.ts'

type Environment = Record<string, string>
/** One variable, all of several, one of several, a part of a value, or whole values. */
type VendorRule = string | string[] | { any: string[] } | { env: string; includes: string } | Environment

const vendors = createRequire(import.meta.url)('ci-info/vendors.json') as { name: string; env: VendorRule }[]
const source = readFileSync(new URL('../../src/consent/ci-rules.ts', import.meta.url), 'utf8')
const tableNames = [...source.matchAll(/^ {2}'([\w ]+)'/gm)].flatMap((line) => (line[1] ?? '').trim().split(' '))
const ORACLE = fileURLToPath(new URL('../programs/ci-info-oracle.cjs', import.meta.url))

/** What ci-info itself says, in a process of its own. */
function ciInfo(environments: readonly Environment[]): boolean[] {
  return JSON.parse(
    execFileSync(process.execPath, [ORACLE], { input: JSON.stringify(environments), encoding: 'utf8' }),
  ) as boolean[]
}

/** The smallest environments by which ci-info recognises a vendor. */
function environmentsOf(rule: VendorRule): Environment[] {
  if (typeof rule === 'string') return [{ [rule]: 'x' }]
  if (Array.isArray(rule)) return [Object.fromEntries(rule.map((name) => [name, 'x']))]
  if ('any' in rule) return (rule as { any: string[] }).any.map((name) => ({ [name]: 'x' }))
  const { env, includes, ...values } = rule as Environment
  return [env === undefined ? values : { [env]: `/before${includes}` }]
}

describe('isCi() agrees with ci-info', () => {
  test.each(vendors.map(({ name, env }) => [name, environmentsOf(env)] as const))('on %s', (_, environments) => {
    for (const environment of environments) {
      expect(isCi(environment)).toBe(true)
      expect(isCi({ ...environment, CI: 'false' })).toBe(false)
    }
  })

  test('on every name of the table, alone and empty', () => {
    expect(tableNames.length).toBeGreaterThan(55)
    expect(ciInfo(tableNames.map((name) => ({ [name]: 'x' })))).toEqual(tableNames.map(() => true))
    expect(ciInfo(tableNames.map((name) => ({ [name]: '' })))).toEqual(tableNames.map((name) => isCi({ [name]: '' })))
  })

  test('on mixed environments', () => {
    const names = [...tableNames, 'HOME', 'NODE', 'PATH', 'TASK_ID', 'JENKINS_URL', 'CIRCLE', 'ci', 'GITHUB_ACTION']
    const values = ['', '0', '1', 'true', 'false', '/app/.heroku/node/bin/node', 'codeship', 'woodpecker']
    const environment = fc.dictionary(fc.constantFrom(...names), fc.constantFrom(...values), { maxKeys: 4 })
    const sample = fc
      .sample(environment, { numRuns: 1500, seed: 1 })
      .map((made) => ({ ...made }))
      .filter((made) => made['CI'] !== '0') // deviation 1, below
    const answers = ciInfo(sample)
    expect(new Set(answers)).toEqual(new Set([true, false]))
    expect(sample.map((made) => [made, isCi(made)])).toEqual(sample.map((made, index) => [made, answers[index]]))
  })
})

describe('isCi() deviates from ci-info', () => {
  test.each<[Environment]>([
    [{ CI: '0' }],
    [{ CI: '0', GITHUB_ACTIONS: 'true' }],
    [{ CI: 'FALSE' }],
    [{ CI: ' false ' }],
  ])('on %j: a person said no', (environment) => {
    expect(isCi(environment)).toBe(false)
    expect(ciInfo([environment])).toEqual([true])
  })
})

test('isCi() fits into a host: the table is under 2 kB', () => {
  expect(tableNames.join(' ').length).toBeLessThan(1500)
})
