import fs, { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { replaceFile } from '../../src/files/atomic-write.ts'
import { writeByRename } from '../../src/files/write-by-rename.ts'
import { makeHome } from '../support/home.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = makeHome().path
  path = `${folder}/usage.json`
})
afterEach(() => vi.restoreAllMocks())

const REPLACED = { kind: 'replaced' }
const SUPERSEDED = { kind: 'superseded' }

describe('replaceFile()', () => {
  it('makes and replaces, 0600, and leaves nothing beside it', () => {
    expect(replaceFile(path, 'one')).toEqual(REPLACED)
    fs.chmodSync(path, 0o644)
    expect(replaceFile(path, 'two')).toEqual(REPLACED)
    expect(readFileSync(path, 'utf8')).toBe('two')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder)).toEqual(['usage.json'])
  })

  it.each<[string, string | null, string | null, object]>([
    ['there as expected', 'old', 'old', REPLACED],
    ['changed', 'newer', 'old', SUPERSEDED],
    ['gone', null, 'old', SUPERSEDED],
    ['absent as expected', null, null, REPLACED],
    ['made meanwhile', 'newer', null, SUPERSEDED],
    ['emptied', '', 'old', SUPERSEDED],
  ])('only while what was read is there: %s', (_, content, expected, outcome) => {
    if (content !== null) writeFileSync(path, content)
    expect(replaceFile(path, 'mine', expected)).toEqual(outcome)
    expect(existsSync(path) ? readFileSync(path, 'utf8') : null).toBe(outcome === REPLACED ? 'mine' : content)
    expect(readdirSync(folder).filter((name) => name !== 'usage.json')).toEqual([])
  })

  it('is superseded by what cannot be read any more', () => {
    mkdirSync(path)
    expect(replaceFile(path, 'mine', 'old')).toEqual(SUPERSEDED)
  })

  it('fails as an outcome, and leaves no torso', () => {
    expect(replaceFile(`${folder}/nowhere/usage.json`, 'x')).toEqual({ kind: 'failed', reason: 'ENOENT' })
    mkdirSync(path)
    expect(replaceFile(path, 'x')).toEqual({ kind: 'failed', reason: 'EISDIR' })
    expect(readdirSync(folder)).toEqual(['usage.json'])
  })
})

describe('writeByRename()', () => {
  it('replaces whole, 0600', () => {
    writeByRename(path, 'one')
    writeByRename(path, 'two')
    expect(readFileSync(path, 'utf8')).toBe('two')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder)).toEqual(['usage.json'])
  })

  it.each(['writeFileSync', 'renameSync'] as const)('takes its torso away when %s fails, and throws', (step) => {
    writeFileSync(path, 'old')
    vi.spyOn(fs, step).mockImplementationOnce((...args: unknown[]) => {
      if (step === 'writeFileSync') writeFileSync(args[0] as string, 'half')
      throw Object.assign(new Error('full'), { code: 'ENOSPC' })
    })
    expect(() => writeByRename(path, 'new')).toThrow('full')
    expect(readFileSync(path, 'utf8')).toBe('old')
    expect(readdirSync(folder)).toEqual(['usage.json'])
  })
})
