import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { encodeConsent, parseConsent, readStoredConsent } from '../../src/consent/consent-file.ts'
import { type SpoolLayout, spoolLayout } from '../../src/spool/spool-layout.ts'

let root: string
let home: SpoolLayout
let fallback: SpoolLayout

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'consent-file-'))
  home = spoolLayout(join(root, 'home'))
  fallback = spoolLayout(join(root, 'fallback'))
  for (const { telemetry } of [home, fallback]) mkdirSync(telemetry, { recursive: true })
})
afterEach(() => rmSync(root, { recursive: true }))

const ON = encodeConsent('on')
const OFF = encodeConsent('off')

describe('parseConsent()', () => {
  test.each([
    [ON, 'on'],
    [OFF, 'off'],
    ['{"tracking":"off","since":"2026"}', 'off'],
    ['', 'unreadable'],
    ['{"tracking":"o', 'unreadable'],
    ['{"tracking":true}', 'unreadable'],
    ['{"tracking":"ON"}', 'unreadable'],
    ['{"tracking":"log"}', 'unreadable'],
    ['{}', 'unreadable'],
    ['null', 'unreadable'],
    ['[]', 'unreadable'],
    ['"on"', 'unreadable'],
  ])('of %j is %s', (text, expected) => {
    expect(parseConsent(text)).toBe(expected)
  })
})

describe('readStoredConsent() lets a no in any directory win', () => {
  test.each([
    [undefined, undefined, 'none'],
    [ON, undefined, 'on'],
    [undefined, ON, 'on'],
    [OFF, undefined, 'off'],
    [ON, OFF, 'off'],
    [OFF, ON, 'off'],
    [ON, 'torn', 'unreadable'],
    ['torn', undefined, 'unreadable'],
    ['torn', OFF, 'off'],
  ])('%j and %j: %s', (first, second, expected) => {
    if (first !== undefined) writeFileSync(home.consent, first)
    if (second !== undefined) writeFileSync(fallback.consent, second)
    expect(readStoredConsent([home, fallback], false)).toEqual({ consent: expected, noticeShown: false })
  })

  test('what is not a plain file is unreadable', () => {
    writeFileSync(join(root, 'target'), ON)
    symlinkSync(join(root, 'target'), home.consent)
    mkdirSync(fallback.consent)
    expect(readStoredConsent([home], false).consent).toBe('unreadable')
    expect(readStoredConsent([fallback], false).consent).toBe('unreadable')
  })

  test('a path through a file is no permission', () => {
    writeFileSync(join(root, 'file'), '')
    expect(readStoredConsent([spoolLayout(join(root, 'file'))], true)).toEqual({
      consent: 'unreadable',
      noticeShown: false,
    })
  })
})

test('readStoredConsent() sees the marker in any directory, if it was asked to look', () => {
  expect(readStoredConsent([home, fallback], true).noticeShown).toBe(false)
  writeFileSync(fallback.noticeShown, '')
  expect(readStoredConsent([home, fallback], true).noticeShown).toBe(true)
  expect(readStoredConsent([home, fallback], false).noticeShown).toBe(false)
})
