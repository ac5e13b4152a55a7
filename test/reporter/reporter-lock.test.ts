import { execFileSync } from 'node:child_process'
import fs, {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { currentInstance } from '../../src/platform/process-instance.ts'
import { REPORTER_LIMITS } from '../../src/reporter/limits.ts'
import { parseLock, releaseReporterLock, signReporterLock, takeReporterLock } from '../../src/reporter/reporter-lock.ts'
import { type Home, makeHome } from '../support/home.ts'

const { lockStaleMs, lockFutureMs } = REPORTER_LIMITS
const HOLDER = currentInstance()

let home: Home
let path: string
beforeEach(() => {
  home = makeHome()
  mkdirSync(home.layout.telemetry, { recursive: true })
  path = home.layout.reporterLock
})

afterEach(() => vi.restoreAllMocks())

const names = (): readonly string[] => readdirSync(home.layout.telemetry)

function age(ms: number): void {
  const at = (Date.now() - ms) / 1000
  utimesSync(path, at, at)
}

describe('takeReporterLock()', () => {
  it('makes a lock with its token, 0600, and holds off everybody else', () => {
    expect(takeReporterLock(path, 'one', Date.now())).toEqual({ kind: 'taken', token: 'one' })
    expect(parseLock(path)).toEqual({ token: 'one' })
    expect(lstatSync(path).mode & 0o777).toBe(0o600)
    expect(takeReporterLock(path, 'two', Date.now())).toMatchObject({ kind: 'held' })
    expect(parseLock(path)).toEqual({ token: 'one' })
  })

  it.each<[string, number, 'held' | 'taken-over']>([
    ['new', 0, 'held'],
    ['about as old as any holder gets', lockStaleMs - 500, 'held'],
    ['older than any holder gets', lockStaleMs + 100, 'taken-over'],
    ['a year old', 365 * 86_400_000, 'taken-over'],
    ['a little ahead', -lockFutureMs + 500, 'held'],
    ['far ahead', -lockFutureMs - 500, 'taken-over'],
    ['years ahead', -365 * 86_400_000, 'taken-over'],
  ])('one that is %s (%i ms) is %s', (_, ageMs, expected) => {
    takeReporterLock(path, 'old', Date.now())
    signReporterLock(path, 'old', HOLDER)
    age(ageMs)
    const taken = takeReporterLock(path, 'new', Date.now())
    const stale = { token: 'old', holder: HOLDER }
    expect(taken).toMatchObject(expected === 'held' ? { kind: 'held' } : { kind: 'taken-over', token: 'new', stale })
    expect(parseLock(path)?.token).toBe(expected === 'held' ? 'old' : 'new')
    expect(names()).toEqual(['reporter.lock'])
  })

  it.each<[string, () => void]>([
    ['a folder', () => mkdirSync(path)],
    ['a full folder', () => mkdirSync(`${path}/full`, { recursive: true })],
    ['a FIFO', () => void execFileSync('mkfifo', [path])],
    ['a link to nowhere', () => symlinkSync('/nonexistent/there', path)],
    ['rubbish', () => writeFileSync(path, '{"tok')],
    ['a link to a file of the user', () => symlinkSync(`${home.path}/precious`, path)],
  ])('%s in its place is held while it is young, and taken over when it is old', (_, make) => {
    writeFileSync(`${home.path}/precious`, 'mine')
    make()
    expect(takeReporterLock(path, 'one', Date.now()).kind).toBe('held')
    expect(signReporterLock(path, 'one', HOLDER)).toBe(false)
    expect(releaseReporterLock(path, 'one')).toBe(false)
    const taken = takeReporterLock(path, 'one', Date.now() + lockStaleMs + 5000)
    expect(taken).toEqual({ kind: 'taken-over', token: 'one', stale: null })
    expect(parseLock(path)).toEqual({ token: 'one' })
    expect(readFileSync(`${home.path}/precious`, 'utf8')).toBe('mine')
  })

  it('where there is no folder is an outcome', () => {
    expect(takeReporterLock(`${home.path}/nowhere/reporter.lock`, 'one', Date.now())).toEqual({
      kind: 'failed',
      reason: 'ENOENT',
    })
  })
})

describe('two that find one stale lock (race R8)', () => {
  const stale = (): void => {
    takeReporterLock(path, 'old', Date.now())
    age(lockStaleMs + 1000)
  }

  it('the slower puts back the new lock that it caught, and leaves nothing beside it', () => {
    stale()
    const { lstatSync: look } = fs
    vi.spyOn(fs, 'lstatSync').mockImplementationOnce((...args) => {
      const seen = look(...args)
      expect(takeReporterLock(path, 'faster', Date.now()).kind).toBe('taken-over')
      return seen
    })
    expect(takeReporterLock(path, 'slower', Date.now()).kind).toBe('held')
    expect(parseLock(path)).toEqual({ token: 'faster' })
    expect(names()).toEqual(['reporter.lock'])
  })

  it('a third that makes its lock in between keeps it', () => {
    stale()
    const { lstatSync: look, renameSync: rename } = fs
    vi.spyOn(fs, 'lstatSync').mockImplementationOnce((...args) => {
      const seen = look(...args)
      takeReporterLock(path, 'faster', Date.now())
      vi.spyOn(fs, 'renameSync').mockImplementationOnce((from, to) => {
        rename(from, to)
        expect(takeReporterLock(path, 'third', Date.now()).kind).toBe('taken')
      })
      return seen
    })
    expect(takeReporterLock(path, 'slower', Date.now()).kind).toBe('held')
    expect(parseLock(path)).toEqual({ token: 'third' })
    expect(names()).toEqual(['reporter.lock'])
  })

  it('one that is gone before it is renamed is simply made', () => {
    stale()
    const { lstatSync: look } = fs
    vi.spyOn(fs, 'lstatSync').mockImplementationOnce((...args) => {
      const seen = look(...args)
      fs.unlinkSync(path)
      return seen
    })
    expect(takeReporterLock(path, 'one', Date.now()).kind).toBe('taken')
  })
})

describe('signReporterLock()', () => {
  it('names the holder and keeps the date: a date that moved would let the lock outlive it', () => {
    takeReporterLock(path, 'one', Date.now())
    age(7000)
    const before = Math.floor(lstatSync(path).mtimeMs)
    expect(signReporterLock(path, 'one', HOLDER)).toBe(true)
    expect(parseLock(path)).toEqual({ token: 'one', holder: HOLDER })
    expect(Math.floor(lstatSync(path).mtimeMs)).toBe(before)
  })

  it("is false for another's lock, and for none", () => {
    expect(signReporterLock(path, 'one', HOLDER)).toBe(false)
    takeReporterLock(path, 'two', Date.now())
    expect(signReporterLock(path, 'one', HOLDER)).toBe(false)
    expect(parseLock(path)).toEqual({ token: 'two' })
  })

  it('R56: read while its launcher signs in place, torn as the system may give it, it is still ours', () => {
    takeReporterLock(path, 'one', Date.now())
    const torn = '{"token":"one"}\n"holder":{"pid":1}}\n'
    vi.spyOn(fs, 'readFileSync').mockReturnValueOnce(torn)
    expect(signReporterLock(path, 'one', HOLDER)).toBe(true)
    vi.spyOn(fs, 'readFileSync').mockReturnValueOnce(torn)
    expect(releaseReporterLock(path, 'one')).toBe(true)
  })

  it('is ours on a disk that takes no entry, and not when it is gone', () => {
    takeReporterLock(path, 'one', Date.now())
    const failWith = (code: string): unknown =>
      vi.spyOn(fs, 'writeFileSync').mockImplementationOnce(() => {
        throw Object.assign(new Error(code), { code })
      })
    failWith('ENOSPC')
    expect(signReporterLock(path, 'one', HOLDER)).toBe(true)
    failWith('ENOENT')
    expect(signReporterLock(path, 'one', HOLDER)).toBe(false)
  })
})

describe('releaseReporterLock()', () => {
  it('takes away its own and nobody else’s', () => {
    takeReporterLock(path, 'one', Date.now())
    expect(releaseReporterLock(path, 'two')).toBe(false)
    expect(existsSync(path)).toBe(true)
    expect(releaseReporterLock(path, 'one')).toBe(true)
    expect(existsSync(path)).toBe(false)
    expect(releaseReporterLock(path, 'one')).toBe(false)
  })
})
