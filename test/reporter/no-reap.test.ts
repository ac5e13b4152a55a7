import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { ProcessInstance, ProcessProbe } from '../../src/platform/process-instance.ts'
import {
  isLeftAsZombie,
  type LastRun,
  markNoReap,
  noteInline,
  readLastRun,
  readReaping,
} from '../../src/reporter/no-reap.ts'

const NOW = Date.parse('2026-11-20T12:00:00Z')
const LEADER: ProcessInstance = {
  pid: 42,
  start_ticks: 777,
  boot_id: 'boot-a',
  pid_namespace: 'pid:[1]',
  host_name: 'ada',
}
const HERE: ProcessInstance = { ...LEADER, pid: 100, start_ticks: 9_000 }
const LAST: LastRun = { leader: LEADER, startedMs: NOW - 60_001 }
const ZOMBIE: ProcessProbe = { state: 'Z', startTicks: 777 }

describe('isLeftAsZombie()', () => {
  it.each<[string, LastRun | null, Partial<ProcessInstance>, ProcessProbe | null, boolean]>([
    ['a zombie after more than a minute', LAST, {}, ZOMBIE, true],
    ['a zombie, but only just', { ...LAST, startedMs: NOW - 60_000 }, {}, ZOMBIE, false],
    ['a start in the future', { ...LAST, startedMs: NOW + 1 }, {}, ZOMBIE, false],
    ['reaped', LAST, {}, null, false],
    ['still running', LAST, {}, { ...ZOMBIE, state: 'S' }, false],
    ["another's zombie under a reused pid", LAST, {}, { ...ZOMBIE, startTicks: 778 }, false],
    ['before the last boot', LAST, { boot_id: 'boot-b' }, ZOMBIE, false],
    ['in another container', LAST, { pid_namespace: 'pid:[2]' }, ZOMBIE, false],
    ['no last run', null, {}, ZOMBIE, false],
  ])('%s', (_, last, here, probe, is) => {
    expect(isLeftAsZombie(last, { ...HERE, ...here }, () => probe, NOW)).toBe(is)
  })
})

describe('the mark', () => {
  function fileOfThisTest(): string {
    const folder = mkdtempSync(join(tmpdir(), 'no-reap-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    return join(folder, 'no-reap.json')
  }

  it('readReaping() heeds a mark of this boot and pid namespace, and no other', () => {
    const path = fileOfThisTest()
    expect(readReaping(path, NOW, HERE)).toEqual({ reaped: true, sinceInlineMs: null })
    markNoReap(path, HERE)
    expect(readReaping(path, NOW, HERE)).toEqual({ reaped: false, sinceInlineMs: null })
    expect(readReaping(path, NOW, { ...HERE, boot_id: 'boot-b' })).toMatchObject({ reaped: true })
    expect(readReaping(path, NOW, { ...HERE, pid_namespace: 'pid:[2]' })).toMatchObject({ reaped: true })
  })

  it('noteInline() dates the mark; a date ahead counts as none', () => {
    const path = fileOfThisTest()
    markNoReap(path, HERE)
    noteInline(path, NOW)
    expect(readReaping(path, NOW + 5_000, HERE)).toEqual({ reaped: false, sinceInlineMs: 5_000 })
    expect(readReaping(path, NOW - 5_000, HERE)).toEqual({ reaped: false, sinceInlineMs: null })
  })

  it('noteInline() makes none where there is none', () => {
    const path = fileOfThisTest()
    noteInline(path, NOW)
    expect(() => readFileSync(path)).toThrow('ENOENT')
  })

  it.each(['', '{', '[]', '"x"', '{"leader":{"pid":0},"started_at":"2026-11-20T12:00:00Z"}'])(
    'torn or foreign content is no mark and no run: %j',
    (text) => {
      const path = fileOfThisTest()
      writeFileSync(path, text)
      expect(readLastRun(path)).toBeNull()
      expect(readReaping(path, NOW, HERE)).toMatchObject({ reaped: true })
    },
  )
})
