import { expect, test } from 'vitest'
import {
  type ConsentEnvironment,
  decideByDisk,
  decideByVariables,
  type StoredConsent,
  variableName,
} from '../../src/consent/decide-consent.ts'
import { readPage, table } from './markdown.ts'

type Given = Partial<ConsentEnvironment> & Partial<StoredConsent>

/** What makes each row of the table true, and no row before it. */
const ROWS: readonly (readonly Given[])[] = [
  ['1', 'true', 'yes'].map((value) => ({ variables: { DO_NOT_TRACK: value } })),
  ['0', 'false', 'no', 'off', ''].map((value) => ({ variables: { ACME_USAGE_TRACKING: value, DO_NOT_TRACK: '0' } })),
  [{ variables: { ACME_USAGE_TRACKING: 'log', DO_NOT_TRACK: 'false' } }],
  [{ consent: 'off' }],
  [{ consent: 'unreadable' }],
  [{ variables: { CI: 'true' } }, { variables: { GITHUB_ACTIONS: 'true' }, consent: 'on' }],
  [
    { variables: { CI: '1' }, ci: 'inline' },
    { variables: { CI: '1' }, ci: 'detached' },
  ],
  [{ notice: true }],
  [{ consent: 'on' }, { consent: 'on', variables: { CI: 'false' } }],
  [{}, { variables: { CI: '0', DO_NOT_TRACK: '' } }],
]

test('docs/privacy.md says of each condition what decideConsent() says', () => {
  const rows = table('docs/privacy.md', '#', 'condition')
  expect(rows).toHaveLength(ROWS.length)
  for (const [index, row] of rows.entries()) {
    for (const given of ROWS[index] ?? []) {
      const { mode, source } = decide(given)
      expect([String(index + 1), mode, source], JSON.stringify(given)).toEqual([row[0], row[2], row[3]])
    }
  }
})

test('pages name the variable that decideConsent() reads', () => {
  expect(variableName('acme')).toBe('ACME_USAGE_TRACKING')
  expect(variableName('acme-cli')).toBe('ACME_CLI_USAGE_TRACKING')
  for (const page of ['README.md', 'docs/privacy.md']) {
    const named = readPage(page).match(/\b[A-Z_]+_USAGE_TRACKING\b/g) ?? []
    expect([...new Set(named)].filter((name) => !/^ACME(_CLI)?_USAGE_TRACKING$/.test(name))).toEqual([])
    expect(named.length).toBeGreaterThan(0)
  }
})

function decide({ variables = {}, ci = 'off', notice = false, consent = 'none', noticeShown = false }: Given) {
  const environment = { app: 'acme', variables, ci, notice }
  return decideByVariables(environment) ?? decideByDisk(environment, { consent, noticeShown }, { stderrIsTty: true })
}
