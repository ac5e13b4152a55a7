import fs from 'node:fs'
import { expect, test } from 'vitest'
import { decideRetention, type FinishedSession, pruneSessions } from '../../src/session/retention.ts'
import { sessionsLayout } from '../../src/session/session-layout.ts'
import { makeHome } from '../support/home.ts'

const BOUNDS = { sessions: 3, bytes: 1000, ageMs: 100 }

function session(id: string, endedMs: number, more: Partial<FinishedSession> = {}): FinishedSession {
  return { id, endedMs, bytes: 10, isWaiting: false, ...more }
}

test.each<readonly [string, readonly FinishedSession[], readonly string[]]>([
  ['within the bounds', [session('a', 50), session('b', 60)], []],
  ['too many', [session('d', 60), session('a', 50), session('c', 55), session('b', 51)], ['a']],
  ['too large', [session('a', 50, { bytes: 800 }), session('b', 60, { bytes: 900 })], ['a']],
  ['too old', [session('a', -1), session('b', 60)], ['a']],
  ['what waits stays, the next goes', [1, 2, 3, 4].map((n) => session(`${n}`, n, { isWaiting: n === 1 })), ['2']],
])('decideRetention() %s', (_, sessions, wanted) => {
  expect(decideRetention(sessions, 100, BOUNDS)).toEqual(wanted)
})

test('pruneSessions() deletes finished ones, follows no link, and looks at nothing live', () => {
  const home = makeHome()
  const layout = sessionsLayout(home.layout.sessions)
  fs.mkdirSync(`${layout.done}/old`, { recursive: true })
  fs.mkdirSync(`${layout.live}/living`, { recursive: true })
  fs.mkdirSync(`${home.path}/precious`)
  fs.writeFileSync(`${home.path}/precious/file`, 'x')
  fs.symlinkSync(`${home.path}/precious`, `${layout.done}/link`)
  pruneSessions(layout, () => false, Date.now() + 1000, { sessions: 0, bytes: 0, ageMs: 0 })
  expect(fs.readdirSync(layout.done)).toEqual([])
  expect(fs.readdirSync(layout.live)).toEqual(['living'])
  expect(fs.readFileSync(`${home.path}/precious/file`, 'utf8')).toBe('x')
})
