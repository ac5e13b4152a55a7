import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { findCommand } from '../../src/session/find-command.ts'
import { asNobody } from '../support/as-nobody.ts'

let at = ''
beforeEach(() => {
  at = mkdtempSync(join(process.env['AFTERWORD_TEST_HOME'] ?? '/tmp', 'find-'))
  onTestFinished(() => rmSync(at, { recursive: true, force: true }))
  mkdirSync(`${at}/a/folder`, { recursive: true })
  mkdirSync(`${at}/b`)
  write('a/tool', '#!/bin/sh\n')
  write('b/tool', '#!/bin/sh\n')
  write('a/text', 'no program', 0o644)
  write('b/text', '#!/bin/sh\n')
  write('a/only-text', 'no program', 0o644)
})

function write(path: string, text: string, mode = 0o755): void {
  writeFileSync(`${at}/${path}`, text)
  chmodSync(`${at}/${path}`, mode)
}

const missing = (code: string) => ({ kind: 'missing', code })
const found = (path: string) => ({ kind: 'found', path: `${at}/${path}` })

describe('findCommand() by name', () => {
  const find = (name: string, path: string | undefined) => findCommand(name, at, path)

  test('takes the first folder of the path that has it', () => {
    expect(find('tool', `${at}/none:${at}/b:${at}/a`)).toEqual(found('b/tool'))
  })
  test('goes on behind what may not be run, and remembers it', () => {
    expect(find('text', `${at}/a:${at}/b`)).toEqual(found('b/text'))
    expect(find('only-text', `${at}/a:${at}/b`)).toEqual(missing('EACCES'))
  })
  test('goes on behind a folder of that name', () => {
    expect(find('folder', `${at}/a:${at}/b`)).toEqual(missing('ENOENT'))
  })
  test('looks in the working directory for an empty or relative entry', () => {
    expect(findCommand('tool', `${at}/a`, ':/nowhere')).toEqual(found('a/tool'))
    expect(find('tool', 'b')).toEqual(found('b/tool'))
  })
  test('leaves it to the shell where there is no path at all', () => {
    expect(find('tool', undefined)).toEqual({ kind: 'unknown' })
  })
  test('says ENOENT of what is nowhere', () => {
    expect(find('nothing', `${at}/a:${at}/b`)).toEqual(missing('ENOENT'))
  })
})

describe('findCommand() by path', () => {
  test.each([
    ['absolute', () => `${at}/a/tool`],
    ['relative to the working directory, and to no folder of the path', () => 'a/tool'],
    ['with dots', () => './b/../a/tool'],
  ])('%s', (_, command) => {
    expect(findCommand(command(), at, '/usr/bin')).toEqual(found('a/tool'))
  })
  test('through a link', () => {
    symlinkSync('a/tool', `${at}/link`)
    symlinkSync('gone', `${at}/dangling`)
    expect(findCommand('./link', at, undefined)).toEqual(found('link'))
    expect(findCommand('./dangling', at, undefined)).toEqual(missing('ENOENT'))
  })
  test('says EISDIR, EACCES, ENOENT', () => {
    expect(findCommand('./a', at, undefined)).toEqual(missing('EISDIR'))
    expect(findCommand('a/text', at, undefined)).toEqual(missing('EACCES'))
    expect(findCommand('a/tool/x', at, undefined)).toEqual(missing('ENOENT'))
  })
  test('says EACCES of what lies behind a folder that may not be entered', () => {
    mkdirSync(`${at}/closed`)
    write('closed/tool', '#!/bin/sh\n')
    chmodSync(`${at}/closed`, 0o700)
    expect(asNobody(at, () => findCommand('closed/tool', at, undefined))).toEqual(
      process.geteuid?.() === 0 ? missing('EACCES') : found('closed/tool'),
    )
  })
})

describe('findCommand() of a script', () => {
  test.each<[string, string, object | null]>([
    ['with its interpreter', '#!/bin/sh -e\n', null],
    ['with blanks before it', '#! \t/bin/sh\n', null],
    ['without an end of line', '#!/bin/sh', null],
    ['without an interpreter in its line', '#!\n', null],
    ['with one that is gone', '#!/no/such/shell\n', missing('ENOENT')],
    ['with the line ends of Windows', '#!/bin/sh\r\n', missing('ENOENT')],
    ['with one that may not be run', '#!a/text\n', missing('EACCES')],
    ['with a folder for one', '#!/etc\n', missing('EISDIR')],
    ['with one that is a script', '#!a/tool\n', null],
    ['that is empty', '', null],
    ['that is a program', '\u007fELF', null],
  ])('%s', (_, text, refused) => {
    write('it', text)
    expect(findCommand('./it', at, undefined)).toEqual(refused ?? found('it'))
  })
  test('that is its own interpreter ends', () => {
    write('it', `#!${at}/it\n`)
    expect(findCommand('./it', at, undefined)).toEqual(found('it'))
  })
})
