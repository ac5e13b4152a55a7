import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { variableName } from '../../src/consent/decide-consent.ts'
import { noticeText, showNotice } from '../../src/consent/notice.ts'

let directory: string
let marker: string
let written: string[]
const write = (text: string) => void written.push(text)

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'notice-'))
  marker = join(directory, 'notice-shown')
  written = []
})
afterEach(() => rmSync(directory, { recursive: true }))

test('noticeText() says what, where and how to say no, in four lines of 80 columns', () => {
  const app = 'a'.repeat(29)
  const notice = { app, url: `https://${'u'.repeat(47)}`, variable: variableName(app) }
  const text = noticeText(notice)
  for (const part of Object.values(notice)) expect(text).toContain(part)
  expect(text).toContain('DO_NOT_TRACK=1')
  const lines = text.split('\n')
  expect(lines.pop()).toBe('')
  expect(lines.length).toBeLessThanOrEqual(4)
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
})

test('showNotice() makes a private, empty marker and writes once', () => {
  expect(showNotice(marker, 'hello\n', write)).toBe('shown')
  expect(written).toEqual(['hello\n'])
  expect(statSync(marker).mode & 0o777).toBe(0o600)
  expect(statSync(marker).size).toBe(0)
})

test('showNotice() shows nothing a second time', () => {
  showNotice(marker, 'hello\n', write)
  expect(showNotice(marker, 'hello\n', write)).toBe('already')
  expect(written).toHaveLength(1)
})

test('showNotice() makes the marker before it writes', () => {
  let there = false
  showNotice(marker, 'hello\n', () => {
    there = existsSync(marker)
  })
  expect(there).toBe(true)
})

test('showNotice() stays due when the marker cannot be made', () => {
  expect(showNotice(join(directory, 'absent', 'notice-shown'), 'hello\n', write)).toBe('failed')
  writeFileSync(join(directory, 'file'), '')
  expect(showNotice(join(directory, 'file', 'notice-shown'), 'hello\n', write)).toBe('failed')
  expect(written).toEqual([])
})

test('showNotice() follows no link', () => {
  symlinkSync(join(directory, 'elsewhere'), marker)
  expect(showNotice(marker, 'hello\n', write)).toBe('already')
  expect(existsSync(join(directory, 'elsewhere'))).toBe(false)
})

test('showNotice() stays due when it cannot write', () => {
  const full = () => {
    throw Object.assign(new Error('full'), { code: 'EAGAIN' })
  }
  expect(showNotice(marker, 'hello\n', full)).toBe('failed')
  expect(existsSync(marker)).toBe(false)
  expect(showNotice(marker, 'hello\n', write)).toBe('shown')
})

test('showNotice() does not throw when it can neither write nor take the marker back', () => {
  const gone = () => {
    rmSync(marker)
    throw new Error('closed')
  }
  expect(showNotice(marker, 'hello\n', gone)).toBe('failed')
})
