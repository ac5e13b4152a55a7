import fs from 'node:fs'
import { expect, test } from 'vitest'
import { uuid7 } from '../../src/events/uuid7.ts'
import { decideRetention, type FinishedSession, isItsTurn, tidySessions } from '../../src/session/retention.ts'
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

test('tidySessions() deletes finished ones, follows no link, and looks at nothing live', () => {
  const home = makeHome()
  const layout = sessionsLayout(home.layout.sessions)
  fs.mkdirSync(`${layout.done}/old`, { recursive: true })
  fs.mkdirSync(`${layout.live}/living`, { recursive: true })
  fs.mkdirSync(`${home.path}/precious`)
  fs.writeFileSync(`${home.path}/precious/file`, 'x')
  fs.symlinkSync(`${home.path}/precious`, `${layout.done}/link`)
  tidySessions(layout, { nowMs: Date.now() + 1000, bounds: { sessions: 0, bytes: 0, ageMs: 0 } })
  expect(fs.readdirSync(layout.done)).toEqual([])
  expect(fs.readdirSync(layout.live)).toEqual(['living'])
  expect(fs.readFileSync(`${home.path}/precious/file`, 'utf8')).toBe('x')
})

test('tidySessions() leaves what waits to be sent', () => {
  const home = makeHome()
  const layout = sessionsLayout(home.layout.sessions)
  for (const id of ['a', 'b', 'c']) fs.mkdirSync(`${layout.done}/${id}`, { recursive: true })
  fs.mkdirSync(home.layout.pending, { recursive: true })
  fs.writeFileSync(`${home.layout.pending}/b.json`, '{}')
  tidySessions(layout, { nowMs: Date.now(), bounds: { ...BOUNDS, sessions: 1, ageMs: 60_000 } })
  expect(fs.readdirSync(layout.done)).toEqual(['b'])
})

test('tidySessions() stops when its time is over', () => {
  const home = makeHome()
  const layout = sessionsLayout(home.layout.sessions)
  for (const id of ['a', 'b', 'c']) fs.mkdirSync(`${layout.done}/${id}`, { recursive: true })
  const bounds = { sessions: 0, bytes: 0, ageMs: 0 }
  tidySessions(layout, { nowMs: Date.now() + 1000, bounds, untilMs: performance.now() - 1 })
  expect(fs.readdirSync(layout.done)).toEqual(['a', 'b', 'c'])
})

test('tidySessions() that is not thorough goes by the names: when they began, and how many', () => {
  const home = makeHome()
  const layout = sessionsLayout(home.layout.sessions)
  const now = Date.now()
  const [old, first, second, third] = [now - 101, now - 30, now - 20, now - 10].map((ms) => uuid7(ms))
  for (const id of [old, first, second, third]) {
    fs.mkdirSync(`${layout.done}/${id}`, { recursive: true })
    fs.writeFileSync(`${layout.done}/${id}/proc_trace.jsonl`, 'x'.repeat(900))
    fs.utimesSync(`${layout.done}/${id}`, now / 1000, now / 1000)
  }
  tidySessions(layout, { nowMs: now, bounds: BOUNDS, isThorough: false })
  expect(fs.readdirSync(layout.done)).toEqual([first, second, third])
  tidySessions(layout, { nowMs: now, bounds: { ...BOUNDS, sessions: 2 }, isThorough: false })
  expect(fs.readdirSync(layout.done)).toEqual([second, third])
  tidySessions(layout, { nowMs: now, bounds: { ...BOUNDS, ageMs: 60_000 } })
  expect(fs.readdirSync(layout.done)).toEqual([third])
})

test('isItsTurn() is so for about one session of sixteen', () => {
  const turns = Array.from({ length: 4096 }, () => isItsTurn(uuid7(1000))).filter(Boolean).length
  expect(turns).toBeGreaterThan(128)
  expect(turns).toBeLessThan(512)
})
