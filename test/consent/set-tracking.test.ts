/** What the user's stored choice erases, and what it must not. */
import type * as nodeFs from 'node:fs'
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { expect, test, vi } from 'vitest'
import { setTracking } from '../../src/consent/set-tracking.ts'
import { type Home, makeHome } from '../support/home.ts'

// The object that write-file-atomic looks its functions up in.
const fs = createRequire(import.meta.url)('node:fs') as typeof nodeFs

function homeOfThisTest(): Home {
  const home = makeHome()
  mkdirSync(home.layout.telemetry, { recursive: true })
  return home
}

test.each(['on', 'off'] as const)('R55: off, while another %s is about to take its place', (other) => {
  const { layout } = homeOfThisTest()
  writeFileSync(layout.consent, '{"tracking":"off"}')
  let inner: unknown = null
  const { renameSync } = fs
  const rename = vi.spyOn(fs, 'renameSync').mockImplementation((from, to) => {
    if (to === layout.consent && inner === null) {
      inner = 'begun'
      inner = setTracking(layout, other)
    }
    renameSync(from, to)
  })
  const outer = setTracking(layout, 'off')
  rename.mockRestore()
  expect([inner, outer]).toMatchObject([{ kind: 'stored' }, { kind: 'stored' }])
  expect(JSON.parse(readFileSync(layout.consent, 'utf8'))).toMatchObject({ tracking: 'off' })
  expect(readdirSync(layout.telemetry)).toEqual(['consent.json'])
})

test('what a killed writer of the choice left is erased when it is old', () => {
  const { layout } = homeOfThisTest()
  const left = `${layout.consent}.123456`
  writeFileSync(left, '{"tracking":"off"}')
  setTracking(layout, 'off')
  expect(existsSync(left)).toBe(true)
  const before = new Date(Date.now() - 61_000)
  utimesSync(left, before, before)
  setTracking(layout, 'off')
  expect(existsSync(left)).toBe(false)
})
