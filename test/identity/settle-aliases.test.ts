import { mkdirSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { AnonId, PrincipalId } from '../../src/identity/identity.ts'
import { replace } from '../../src/spool/in-flight.ts'
import { settleAliases } from '../../src/spool/settle.ts'
import { aliasEnvelope, aliasSteps } from '../../src/tracker/alias.ts'
import { aliasUuid } from '../../src/tracker/rare-changes.ts'
import { type Home, makeHome } from '../support/home.ts'

const origin = { app: 'acme', api_key: 'phc_test', host: 'http://127.0.0.1:9', delivery: 'detached' } as const
const pairOf = (distinctId: string, alias: string) => ({
  distinctId: distinctId as PrincipalId,
  alias: alias as AnonId,
})

function envelopeOf(pair: ReturnType<typeof pairOf>) {
  return aliasEnvelope(pair, origin, aliasUuid(pair.distinctId, pair.alias), '2026-01-01T00:00:00.000Z')
}

function homeWithAlias(distinctId: string, alias: string): Home {
  const home = makeHome()
  mkdirSync(home.layout.telemetry, { recursive: true })
  expect(replace(home.layout, envelopeOf(pairOf(distinctId, alias)))).toEqual({ kind: 'written' })
  return home
}

test.each([
  ['moves the alias whose pair usage.json shows', 'alice', 'anon-1', 1],
  ['deletes one whose link was never made', null, 'anon-1', 0],
  ['deletes one of another principal', 'bob', 'anon-1', 0],
  ['deletes one whose id was rotated', 'alice', 'anon-2', 0],
] as const)('settleAliases() %s', (_, linked_principal_id, anon_id, pending) => {
  const home = homeWithAlias('alice', 'anon-1')
  settleAliases(home.layout, { anon_id, linked_principal_id })
  expect(home.inFlight()).toEqual([])
  expect(home.pending()).toHaveLength(pending)
})

test('settleAliases() leaves commands that run and files it cannot read', () => {
  const home = homeWithAlias('alice', 'anon-1')
  const command = '0190a7c8-0000-7000-8000-000000000000'
  const torn = '0190a7c8-0000-5000-8000-000000000000'
  for (const uuid of [command, torn]) writeFileSync(`${home.layout.inFlight}/${uuid}.json`, '{')
  settleAliases(home.layout, { anon_id: 'anon-1', linked_principal_id: null })
  expect(home.files().filter((name) => name.includes('in-flight'))).toEqual(
    [torn, command].map((uuid) => `telemetry/in-flight/${uuid}.json`).sort(),
  )
})

test('aliasSteps() publishes an alias that somebody settled before the link was there', () => {
  const home = homeWithAlias('alice', 'anon-1')
  const steps = aliasSteps(home.layout, envelopeOf)
  settleAliases(home.layout, { anon_id: 'anon-1', linked_principal_id: null })
  steps.publish(pairOf('alice', 'anon-1'))
  expect(home.pending().map(({ event }) => event)).toEqual(['$create_alias'])
})

test('aliasUuid() is the pair’s: the same twice, another for another pair, a UUIDv5', () => {
  expect(aliasUuid('alice', 'anon-1')).toBe(aliasUuid('alice', 'anon-1'))
  expect(aliasUuid('alice', 'anon-1')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5/)
  const uuids = [aliasUuid('alice', 'anon-1'), aliasUuid('alice', 'anon-2'), aliasUuid('bob', 'anon-1')]
  expect(new Set([...uuids, aliasUuid('anon-1', 'alice')]).size).toBe(4)
})

test('aliasEnvelope() names the principal as distinct id, the anonymous one as alias, and no profile flag', () => {
  const { distinct_id, is_anon, properties } = envelopeOf(pairOf('alice', 'anon-1'))
  expect({ distinct_id, is_anon }).toEqual({ distinct_id: 'alice', is_anon: false })
  expect(properties).toEqual({ distinct_id: 'alice', alias: 'anon-1', $geoip_disable: true, $ip: null })
})
