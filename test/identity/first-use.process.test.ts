import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { makeAccount } from '../support/account.ts'
import { waitUntil } from '../support/wait-until.ts'

// Who repairs damage has to take a lock, for which nobody waits long: fewer, so that a busy machine loses none of them.
test.each([
  [50, 'nothing there'],
  [50, 'nobody to ask'],
  [12, 'a damaged usage.json'],
] as const)('createIdentity() has one winner among %i real processes: %s', async (RACERS, before) => {
  const account = await makeAccount(before === 'nobody to ask' ? { AUTH: '' } : {})
  const { layout } = account.home
  if (before === 'a damaged usage.json') {
    mkdirSync(layout.directory)
    writeFileSync(layout.usage, '{"anon_id": "torn')
  }
  const START = `${account.home.path}/start`
  const racers = Array.from({ length: RACERS }, (_, n) => account.start(['other'], { NAME: `racer.${n}`, START }))
  await Promise.all(racers.map((racer) => racer.said('here')))
  writeFileSync(START, '')
  const ends = await Promise.all(racers.map((racer) => racer.finished))
  for (const end of ends) expect(end).toMatchObject({ code: 0, stdout: 'here\nworked\n', stderr: '' })

  const { anon_id, linked_principal_id } = account.identity()
  expect(linked_principal_id).toBeNull()
  const events = await account.events(RACERS)
  expect(events).toHaveLength(RACERS)
  expect(new Set(events.map((event) => event.distinct_id))).toEqual(new Set([anon_id]))
  expect(new Set(events.map((event) => event.properties['command_name'])).size).toBe(RACERS)
  expect(statSync(layout.usage).mode & 0o777).toBe(0o600)
  expect(statSync(layout.directory).mode & 0o777).toBe(before === 'a damaged usage.json' ? 0o755 : 0o700)

  await waitUntil('nothing waits', () => account.home.pending().length === 0)
  await account.home.quiet()
  expect(account.home.files().filter((name) => /tmp|usage-|\.\d+$/.test(name) && !name.includes('damaged'))).toEqual([])
  expect(existsSync(`${layout.usage}.lock`)).toBe(false)
  const damaged = account.home.files().filter((name) => name.includes('damaged'))
  expect(damaged).toHaveLength(before === 'a damaged usage.json' ? 1 : 0)
  for (const name of damaged) expect(readFileSync(`${layout.directory}/${name}`, 'utf8')).toBe('{"anon_id": "torn')

  // The mark of this machine was written by whoever won: a login takes the history along.
  if (before === 'nobody to ask') return
  await account.login('key-alice')
  expect(account.identity()).toEqual({ anon_id, linked_principal_id: 'user-alice' })
})
