import fs from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { decideIdentityChange, type IdentityEvent } from '../../src/identity/decide-change.ts'
import type { AnonId, PrincipalId } from '../../src/identity/identity.ts'
import { NO_PRINCIPAL_FILE } from '../../src/identity/principal-file.ts'
import { ROOT } from '../support/packed-package.ts'
import { table } from './markdown.ts'

const A = 'principal-a' as PrincipalId
const B = 'principal-b' as PrincipalId
const OLD = 'old' as AnonId
const NEW = 'new' as AnonId

const signedIn: IdentityEvent = { kind: 'signed-in', toldAt: '', principal: A, credentialHash: null }
const signedOut: IdentityEvent = { kind: 'signed-out', toldAt: '' }
const unknown: IdentityEvent = { kind: 'principal-unknown', toldAt: '', credentialHash: 'salt:hash', retryAfter: '' }

/** The rows of the identity table: event, who was linked, made here? */
const HAPPENINGS: readonly (readonly [IdentityEvent, PrincipalId | null, boolean])[] = [
  [signedIn, null, true],
  [signedIn, null, false],
  [signedIn, A, true],
  [signedIn, B, true],
  [signedOut, A, true],
  [signedOut, null, true],
  [unknown, A, true],
  [unknown, null, true],
]

test('docs/architecture.md says of each event what decideIdentityChange() says', () => {
  const said = HAPPENINGS.map(([event, linked, madeHere]) => {
    const identity = { anon_id: OLD, linked_principal_id: linked }
    const state = { identity, principalFile: NO_PRINCIPAL_FILE, madeHere, overtaken: false }
    const change = decideIdentityChange(state, event, NEW)
    const now = change?.identity ?? identity
    return [
      now.anon_id === OLD ? 'stays' : 'new',
      now.linked_principal_id === null ? 'nobody' : 'the principal',
      (change?.alias ?? null) === null ? 'no' : 'yes',
    ]
  })
  expect(table('docs/architecture.md', 'happens', 'anonymous id').map((row) => row.slice(1))).toEqual(said)
})

test('docs/architecture.md has each race that the code numbers, once', () => {
  const numbers = filesUnder('src').flatMap((path) =>
    [...fs.readFileSync(path, 'utf8').matchAll(/\bRace (R\d+)\b/g)].map(([, number]) => number ?? ''),
  )
  const inOrder = [...new Set(numbers)].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)))
  expect(table('docs/architecture.md', '#', 'the race').map(([number]) => number)).toEqual(inOrder)
})

test('docs/architecture.md says what each folder of src is about', () => {
  const folders = fs.readdirSync(join(ROOT, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const listed = table('docs/architecture.md', 'folder', 'is about').map(([folder]) => folder?.replace('/', ''))
  expect(listed).toEqual(expect.arrayContaining(folders.map(({ name }) => name)))
})

function filesUnder(folder: string): readonly string[] {
  return fs
    .readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}
