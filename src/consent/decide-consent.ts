/** May this process record and send? Pure: facts in, one answer out, first match wins. The table is in docs/privacy.md. */
import { isCi } from './ci-rules.ts'

export interface ConsentEnvironment {
  readonly variables: Readonly<Record<string, string | undefined>>
  /** The host's name, as given to CommandTracker: `acme-cli` → `ACME_CLI_USAGE_TRACKING`. */
  readonly app: string
  /** What the host wants in CI. */
  readonly ci: 'off' | 'inline' | 'detached'
  /** Does the host ask for a first-run notice of ours? */
  readonly notice: boolean
}

/** What the disk says; see consent-file.ts. */
export interface StoredConsent {
  readonly consent: 'on' | 'off' | 'none' | 'unreadable'
  /** Always false when the host asks for no notice: nobody looked. */
  readonly noticeShown: boolean
}

export interface ConsentTerminal {
  readonly stderrIsTty: boolean
}

/** What decided. */
export type ConsentSource =
  | 'DO_NOT_TRACK'
  | 'app-variable'
  | 'log-variable'
  | 'stored'
  | 'stored-unreadable'
  | 'ci'
  | 'notice'
  | 'default'

export interface ConsentDecision {
  /** May anything be written to disk? False in log mode. */
  readonly allowed: boolean
  readonly source: ConsentSource
  /** True: events are recorded and wait; nothing is launched or sent by this process. */
  readonly noticeDue: boolean
  /** `due`: show it after the command. `deferred`: due, but stderr is no terminal; a later command shows it. */
  readonly notice: 'none' | 'due' | 'deferred'
  /** `inline` only by the host's `ci: 'inline'`. */
  readonly delivery: 'detached' | 'inline'
}

export type Consent =
  | (ConsentDecision & { readonly mode: 'on' | 'off' })
  /** Print what would be sent, send and write nothing. `wouldBe` is what the table says without the log variable. */
  | (ConsentDecision & { readonly mode: 'log'; readonly wouldBe: ConsentDecision })

/** `acme-cli` → `ACME_CLI_USAGE_TRACKING` */
export function variableName(app: string): string {
  return `${app.toUpperCase().replace(/[^A-Z0-9]/g, '_')}_USAGE_TRACKING`
}

type Decided = Exclude<Consent, { readonly mode: 'log' }>

/** @rare */
function off(source: ConsentSource): Decided {
  return { mode: 'off', allowed: false, source, noticeDue: false, notice: 'none', delivery: 'detached' }
}

function on(
  source: ConsentSource,
  delivery: Consent['delivery'] = 'detached',
  notice: Consent['notice'] = 'none',
): Decided {
  return { mode: 'on', allowed: true, source, noticeDue: notice !== 'none', notice, delivery }
}

/** Rows 1 and 2: a no that needs no look at the disk. Null: go on with {@link decideByDisk}. */
export function decideByVariables({ variables, app }: Pick<ConsentEnvironment, 'variables' | 'app'>): Consent | null {
  // 1. Above everything, our own variable included: it is the one switch a user sets once for all tools.
  if (!['', '0', 'false'].includes(said(variables['DO_NOT_TRACK']) ?? '')) return off('DO_NOT_TRACK')
  const own = said(variables[variableName(app)])
  // 2. Set but empty is a no: `ACME_USAGE_TRACKING= acme …` is how one takes a permission away.
  return own !== undefined && ['', '0', 'false', 'no', 'off'].includes(own) ? off('app-variable') : null
}

/** Rows 3 to 7. */
export function decideByDisk(
  environment: ConsentEnvironment,
  stored: StoredConsent,
  terminal: ConsentTerminal,
): Consent {
  const decided = decideByRest(environment, stored, terminal)
  // 3.
  return said(environment.variables[variableName(environment.app)]) === 'log' ? inLogMode(decided) : decided
}

/** @rare */
function inLogMode({ allowed, source, noticeDue, notice, delivery }: Decided): Consent {
  return { ...off('log-variable'), mode: 'log', wouldBe: { allowed, source, noticeDue, notice, delivery } }
}

/** Rows 4 to 7. A stored `on` is no row: it does not make a CI system's runs a person's. */
function decideByRest(environment: ConsentEnvironment, stored: StoredConsent, terminal: ConsentTerminal): Decided {
  const { consent, noticeShown } = stored
  // 4.
  if (consent === 'off') return off('stored')
  if (consent === 'unreadable') return off('stored-unreadable')
  // 5.
  const { ci } = environment
  if (isCi(environment.variables)) return ci === 'off' ? off('ci') : on('ci', ci)
  // 6.
  if (environment.notice && !noticeShown) return on('notice', 'detached', terminal.stderrIsTty ? 'due' : 'deferred')
  // 7.
  return on(consent === 'on' ? 'stored' : 'default')
}

function said(value: string | undefined): string | undefined {
  return value?.trim().toLowerCase()
}

/** One plain sentence for `status` and log mode: on or off, and what decided it. `consentFile` is its path. */
export function explainConsent(consent: Consent, variable: string, consentFile: string): string {
  if (consent.mode !== 'log') return explain(consent, variable, consentFile)
  const rest = explain(consent.wouldBe, variable, consentFile)
  return `Log: ${variable}=log prints events instead of sending them. Without it: ${rest[0]?.toLowerCase()}${rest.slice(1)}`
}

function explain(decision: ConsentDecision, variable: string, consentFile: string): string {
  const { source, allowed } = decision
  switch (source) {
    case 'DO_NOT_TRACK':
      return 'Off: DO_NOT_TRACK is set.'
    case 'app-variable':
      return `Off: ${variable} is set to a value that means no.`
    case 'log-variable':
      return `Log: ${variable}=log prints events instead of sending them.`
    case 'stored':
      return `${allowed ? 'On' : 'Off'}: ${consentFile} says so.`
    case 'stored-unreadable':
      return `Off: ${consentFile} cannot be read or understood, and that means no.`
    case 'ci':
      return allowed
        ? 'On: this is a CI system, and this program reports from CI.'
        : 'Off: this is a CI system (CI=false says it is not).'
    case 'notice':
      return 'On, but nothing is sent before the notice was shown in a terminal.'
    case 'default':
      return 'On: nothing says otherwise.'
  }
}
