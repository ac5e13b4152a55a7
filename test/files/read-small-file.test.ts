import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { beforeEach, describe, expect, it } from 'vitest'
import { errorCode, readSmallFile, SMALL_FILE_BYTES_MAX } from '../../src/files/read-small-file.ts'
import { makeHome } from '../support/home.ts'

let folder: string
beforeEach(() => {
  folder = makeHome().path
})

describe('readSmallFile()', () => {
  it.each<[string, (path: string) => void, unknown]>([
    ['a file', (path) => writeFileSync(path, '{"é":1}\n'), { kind: 'text', text: '{"é":1}\n' }],
    ['an empty file', (path) => writeFileSync(path, ''), { kind: 'text', text: '' }],
    ['a missing file', () => undefined, { kind: 'absent' }],
    ['one of just the size', (path) => writeFileSync(path, 'x'.repeat(SMALL_FILE_BYTES_MAX)), { kind: 'text' }],
    ['a larger one', (path) => writeFileSync(path, 'x'.repeat(SMALL_FILE_BYTES_MAX + 1)), { reason: 'too-large' }],
    ['a folder', (path) => mkdirSync(path), { kind: 'unreadable', reason: 'not-a-plain-file' }],
    ['a FIFO that nobody writes', (path) => void execFileSync('mkfifo', [path]), { reason: 'not-a-plain-file' }],
    ['a link to a file', (path) => symlinkSync('/etc/hostname', path), { reason: 'not-a-plain-file' }],
    ['a link to itself', (path) => symlinkSync(path, path), { reason: 'not-a-plain-file' }],
    ['a device', (path) => symlinkSync('/dev/zero', path), { reason: 'not-a-plain-file' }],
  ])('of %s', (_, make, expected) => {
    const path = `${folder}/file`
    make(path)
    expect(readSmallFile(path)).toMatchObject(expected as object)
  })

  it('of what cannot be looked at is unreadable, with the reason', () => {
    writeFileSync(`${folder}/file`, '')
    expect(readSmallFile(`${folder}/file/below`)).toMatchObject({ kind: 'unreadable', reason: 'ENOTDIR' })
    expect(readSmallFile(`${folder}/${'x'.repeat(300)}`)).toMatchObject({ kind: 'unreadable', reason: 'ENAMETOOLONG' })
    expect(readSmallFile('a\0b')).toMatchObject({ kind: 'unreadable' })
    expect(readSmallFile('/dev/zero')).toMatchObject({ kind: 'unreadable', reason: 'not-a-plain-file' })
  })
})

describe('errorCode()', () => {
  it.each<[unknown, string]>([
    [Object.assign(new Error(''), { code: 'EIO' }), 'EIO'],
    [new Error('x'), 'unknown'],
    [{ code: 7 }, 'unknown'],
    [null, 'unknown'],
    ['EIO', 'unknown'],
  ])('of %s is %s', (error, expected) => {
    expect(errorCode(error)).toBe(expected)
  })
})
