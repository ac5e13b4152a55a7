import fs from 'node:fs'
import { expect, test } from 'vitest'
import { consentMark } from '../../src/consent/consent-mark.ts'
import { makeHome } from '../support/home.ts'

test('consentMark() is another one for each choice that was written, also for the same words', () => {
  const { path } = makeHome()
  const file = `${path}/consent.json`
  const write = (): string => {
    fs.writeFileSync(`${file}.new`, '{"tracking":"on"}')
    fs.renameSync(`${file}.new`, file)
    return consentMark([file])
  }
  const marks = [consentMark([file]), write(), write()]
  expect(new Set(marks).size).toBe(3)
  expect(consentMark([file])).toBe(marks[2])
  expect(fs.readFileSync(file, 'utf8')).toBe('{"tracking":"on"}')
  expect(consentMark([file])).toBe(marks[2]) // to read it is no choice
  fs.unlinkSync(file)
  expect(consentMark([file])).toBe(marks[0])
})

test('consentMark() is of every file, and tells them apart', () => {
  const { path } = makeHome()
  const [a, b] = [`${path}/a`, `${path}/b`]
  fs.writeFileSync(a, '')
  const first = consentMark([a, b])
  expect(first).toBe(`${consentMark([a])} ${consentMark([b])}`)
  fs.renameSync(a, b)
  expect(consentMark([a, b])).not.toBe(first)
})

test('consentMark() of what cannot be looked at is none of a file', () => {
  const { path } = makeHome()
  fs.writeFileSync(`${path}/file`, '')
  expect(consentMark([`${path}/file/consent.json`])).toBe('?')
  expect(consentMark([`${path}/consent.json`])).toBe('-')
})
