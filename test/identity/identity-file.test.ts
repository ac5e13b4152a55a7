import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { encodeIdentity, type Identity } from '../../src/identity/identity.ts'
import { createIdentity, newAnonId, readIdentity } from '../../src/identity/identity-file.ts'
import { asNobody } from '../support/as-nobody.ts'

let directory: string
let usage: string
let telemetry: string
beforeEach(() => {
  directory = mkdtempSync(join(process.env['AFTERWORD_TEST_HOME'] ?? '/tmp', 'identity-'))
  usage = `${directory}/usage.json`
  telemetry = `${directory}/telemetry`
  mkdirSync(telemetry)
})
afterEach(() => {
  rmSync(directory, { recursive: true })
})

const someone: Identity = { anon_id: newAnonId(), linked_principal_id: null }

describe('readIdentity()', () => {
  test('readIdentity() gives the identity and the very bytes', () => {
    writeFileSync(usage, encodeIdentity(someone))
    expect(readIdentity(usage)).toEqual({ kind: 'identity', identity: someone, text: encodeIdentity(someone) })
  })

  test('readIdentity() of nothing is absent', () => {
    expect(readIdentity(usage)).toEqual({ kind: 'absent' })
  })

  test.each(['', '{"anon_id":', 'null', '\0\0\0\0'])('readIdentity() of %j is damaged', (text) => {
    writeFileSync(usage, text)
    expect(readIdentity(usage)).toEqual({ kind: 'damaged', text })
  })

  const unreadable: readonly [string, () => void][] = [
    ['a FIFO', () => execFileSync('mkfifo', [usage])],
    ['a symbolic link to a good one', () => linkTo(`${directory}/elsewhere.json`)],
    ['a symbolic link to nothing', () => symlinkSync(`${directory}/nothing`, usage)],
    ['a directory', () => mkdirSync(usage)],
    ['a device', () => symlinkSync('/dev/zero', usage)],
    ['more than 64 KiB', () => writeFileSync(usage, `${encodeIdentity(someone)}${' '.repeat(64 * 1024)}`)],
  ]
  test.each(unreadable)('readIdentity() of %s is unreadable, at once', (_, make) => {
    make()
    expect(readIdentity(usage).kind).toBe('unreadable')
  })

  test('readIdentity() without the right to read is unreadable: EACCES', () => {
    writeFileSync(usage, encodeIdentity(someone))
    chmodSync(usage, 0o000)
    expect(asNobody(directory, () => readIdentity(usage))).toEqual({ kind: 'unreadable', reason: 'EACCES' })
  })

  function linkTo(path: string): void {
    writeFileSync(path, encodeIdentity(someone))
    symlinkSync(path, usage)
  }
})

describe('createIdentity()', () => {
  test('createIdentity() makes a whole file, 0600, and leaves nothing beside it', () => {
    const made = createIdentity(usage, telemetry)
    expect(made.kind).toBe('created')
    expect(readIdentity(usage)).toMatchObject({ kind: 'identity', identity: (made as { identity: Identity }).identity })
    expect(statSync(usage).mode & 0o777).toBe(0o600)
    expect(readdirSync(directory).sort()).toEqual(['telemetry', 'usage.json'])
    expect(readdirSync(telemetry)).toEqual([])
  })

  test('createIdentity() after somebody else takes the winner’s', () => {
    writeFileSync(usage, encodeIdentity(someone))
    expect(createIdentity(usage, telemetry)).toEqual({ kind: 'lost-the-race', identity: someone })
    expect(readFileSync(usage, 'utf8')).toBe(encodeIdentity(someone))
    expect(readdirSync(telemetry)).toEqual([])
  })

  test('createIdentity() never replaces what it cannot read', () => {
    writeFileSync(usage, 'damaged')
    expect(createIdentity(usage, telemetry)).toEqual({ kind: 'failed', reason: 'damaged' })
    rmSync(usage)
    symlinkSync(`${directory}/nothing`, usage)
    expect(createIdentity(usage, telemetry)).toEqual({ kind: 'failed', reason: 'unreadable' })
    expect(existsSync(`${directory}/nothing`)).toBe(false)
  })

  test('createIdentity() without a directory is an outcome', () => {
    expect(createIdentity(usage, `${directory}/nowhere`)).toEqual({ kind: 'failed', reason: 'ENOENT' })
  })

  test('createIdentity() in a directory that takes no writes is an outcome', () => {
    chmodSync(telemetry, 0o555)
    expect(asNobody(directory, () => createIdentity(usage, telemetry))).toEqual({ kind: 'failed', reason: 'EACCES' })
    expect(existsSync(usage)).toBe(false)
  })

  test('newAnonId() is random', () => {
    expect(new Set(Array.from({ length: 1000 }, newAnonId)).size).toBe(1000)
  })
})
