import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { writeWhole } from '../../src/files/write-whole.ts'
import { makeHome } from '../support/home.ts'

test('writeWhole() makes a file for nobody else', () => {
  const path = `${makeHome().path}/a`
  writeWhole(path, 'größer als gedacht', 'wx')
  expect(readFileSync(path, 'utf8')).toBe('größer als gedacht')
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test("writeWhole() with 'wx' leaves what is there, with 'w' replaces it", () => {
  const path = `${makeHome().path}/a`
  writeFileSync(path, 'what was there before')
  expect(() => writeWhole(path, 'new', 'wx')).toThrow(expect.objectContaining({ code: 'EEXIST' }))
  expect(readFileSync(path, 'utf8')).toBe('what was there before')
  writeWhole(path, 'new', 'w')
  expect(readFileSync(path, 'utf8')).toBe('new')
})
