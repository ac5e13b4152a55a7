import { describe, expect, test } from 'vitest'
import {
  type Consent,
  type ConsentEnvironment,
  type ConsentSource,
  decideByDisk,
  decideByVariables,
  explainConsent,
  type StoredConsent,
  variableName,
} from '../../src/consent/decide-consent.ts'

const OWN = 'ACME_USAGE_TRACKING'

interface Facts {
  readonly variables?: Record<string, string>
  readonly ci?: ConsentEnvironment['ci']
  readonly notice?: boolean
  readonly consent?: StoredConsent['consent']
  readonly noticeShown?: boolean
  readonly tty?: boolean
}

function decide(facts: Facts): Consent {
  const environment = {
    variables: facts.variables ?? {},
    app: 'acme',
    ci: facts.ci ?? 'off',
    notice: facts.notice ?? false,
  } as const
  return (
    decideByVariables(environment) ??
    decideByDisk(
      environment,
      { consent: facts.consent ?? 'none', noticeShown: facts.noticeShown ?? false },
      { stderrIsTty: facts.tty ?? true },
    )
  )
}

const off = (source: ConsentSource) => ({
  mode: 'off',
  allowed: false,
  source,
  noticeDue: false,
  notice: 'none',
  delivery: 'detached',
})
const on = (source: ConsentSource, rest: object = {}) => ({ ...off(source), mode: 'on', allowed: true, ...rest })
const due = (notice: 'due' | 'deferred') => on('notice', { noticeDue: true, notice })
const log = (wouldBe: object) => {
  const { mode: _, ...decision } = { mode: '', ...wouldBe }
  return { ...off('log-variable'), mode: 'log', wouldBe: decision }
}

describe('decideConsent() follows the table', () => {
  const everythingOn: Facts = { consent: 'on', noticeShown: true, notice: true }
  const rows: [string, Facts, object][] = [
    // 1
    ...['1', 'true', 'yes', 'no', 'off', 'TRUE', ' 1 ', '2'].map((value): [string, Facts, object] => [
      `DO_NOT_TRACK='${value}' is off`,
      { ...everythingOn, variables: { DO_NOT_TRACK: value } },
      off('DO_NOT_TRACK'),
    ]),
    ...['', '0', 'false', ' FALSE ', '  '].map((value): [string, Facts, object] => [
      `DO_NOT_TRACK='${value}' was not asked`,
      { variables: { DO_NOT_TRACK: value } },
      on('default'),
    ]),
    // 2
    ...['', '0', 'false', 'no', 'off', 'OFF', ' No ', '\t'].map((value): [string, Facts, object] => [
      `own variable '${value}' is off`,
      { ...everythingOn, variables: { [OWN]: value } },
      off('app-variable'),
    ]),
    ...['1', 'true', 'yes', 'on', 'maybe', 'logs'].map((value): [string, Facts, object] => [
      `own variable '${value}' goes on to the next row`,
      { variables: { [OWN]: value } },
      on('default'),
    ]),
    ['own variable `1` does not overrule a stored off', { variables: { [OWN]: '1' }, consent: 'off' }, off('stored')],
    ["another app's variable is not ours", { variables: { OTHER_USAGE_TRACKING: '0' } }, on('default')],
    // 3
    ['log', { variables: { [OWN]: 'log' } }, log(on('default'))],
    ['log in any case', { variables: { [OWN]: ' LOG ' } }, log(on('default'))],
    // 4
    ['stored off', { consent: 'off' }, off('stored')],
    ['stored off although the notice is due', { consent: 'off', notice: true }, off('stored')],
    ['unreadable', { consent: 'unreadable' }, off('stored-unreadable')],
    // 5
    ['CI', { variables: { CI: 'true' } }, off('ci')],
    ['CI, by a vendor', { variables: { GITHUB_ACTIONS: 'true' } }, off('ci')],
    ['CI inline', { variables: { CI: '1' }, ci: 'inline' }, on('ci', { delivery: 'inline' })],
    ['CI detached', { variables: { CI: '1' }, ci: 'detached' }, on('ci')],
    ['CI=false is not CI', { variables: { CI: 'false', GITHUB_ACTIONS: 'true' } }, on('default')],
    ['CI=0 is not CI', { variables: { CI: '0' } }, on('default')],
    ['the ci option counts in CI only', { ci: 'inline' }, on('default')],
    // 6
    ['notice', { notice: true }, due('due')],
    ['notice without a terminal', { notice: true, tty: false }, due('deferred')],
    ['notice, shown', { notice: true, noticeShown: true, tty: false }, on('default')],
    ['notice with a stored on', { notice: true, consent: 'on' }, due('due')],
    // 7
    ['nothing said', {}, on('default')],
    ['stored on', { consent: 'on' }, on('stored')],
    // who wins
    ['DO_NOT_TRACK beats log', { variables: { DO_NOT_TRACK: '1', [OWN]: 'log' } }, off('DO_NOT_TRACK')],
    ['DO_NOT_TRACK beats own off', { variables: { DO_NOT_TRACK: '1', [OWN]: '0' } }, off('DO_NOT_TRACK')],
    ['own off beats a stored off', { variables: { [OWN]: '0' }, consent: 'off' }, off('app-variable')],
    ['log beats a stored off, and says so', { variables: { [OWN]: 'log' }, consent: 'off' }, log(off('stored'))],
    ['log beats CI, and says so', { variables: { [OWN]: 'log', CI: '1' } }, log(off('ci'))],
    ['log beats the notice', { variables: { [OWN]: 'log' }, notice: true }, log(due('due'))],
    ['stored on does not beat CI', { variables: { CI: '1' }, consent: 'on' }, off('ci')],
    ['stored off beats CI inline', { variables: { CI: '1' }, ci: 'inline', consent: 'off' }, off('stored')],
    ['CI beats the notice', { variables: { CI: '1' }, ci: 'inline', notice: true }, on('ci', { delivery: 'inline' })],
  ]
  test.each(rows)('%s', (_, facts, expected) => {
    expect(decide(facts)).toEqual(expected)
  })
})

test.each([
  ['acme', 'ACME_USAGE_TRACKING'],
  ['acme-cli', 'ACME_CLI_USAGE_TRACKING'],
  ['@acme/cli.js', '_ACME_CLI_JS_USAGE_TRACKING'],
  ['a2', 'A2_USAGE_TRACKING'],
])('variableName() of %s is %s', (app, expected) => {
  expect(variableName(app)).toBe(expected)
})

describe('explainConsent() says what decided, in one sentence', () => {
  test.each<[Facts, string]>([
    [{ variables: { DO_NOT_TRACK: '1' } }, 'Off: DO_NOT_TRACK is set.'],
    [{ variables: { [OWN]: '' } }, `Off: ${OWN} is set to a value that means no.`],
    [{ consent: 'off' }, 'Off: /c.json says so.'],
    [{ consent: 'on' }, 'On: /c.json says so.'],
    [{ consent: 'unreadable' }, 'Off: /c.json cannot be read or understood, and that means no.'],
    [{ variables: { CI: '1' } }, 'Off: this is a CI system (CI=false says it is not).'],
    [{ variables: { CI: '1' }, ci: 'inline' }, 'On: this is a CI system, and this program reports from CI.'],
    [{ notice: true }, 'On, but nothing is sent before the notice was shown in a terminal.'],
    [{}, 'On: nothing says otherwise.'],
    [
      { variables: { [OWN]: 'log' }, consent: 'off' },
      `Log: ${OWN}=log prints events instead of sending them. Without it: off: /c.json says so.`,
    ],
  ])('%j', (facts, sentence) => {
    expect(explainConsent(decide(facts), OWN, '/c.json')).toBe(sentence)
  })
})
