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

const OFF = { allowed: false, noticeDue: false, notice: 'none', delivery: 'detached' } as const
const ON = { ...OFF, allowed: true } as const
const OFF_FOR_ALL: Consent = { ...OFF, mode: 'off', source: 'DO_NOT_TRACK' }
const OFF_FOR_APP: Consent = { ...OFF, mode: 'off', source: 'app-variable' }

/** Rows 1 and 2: a no that needs no look at the disk. Null: go on with {@link decideByDisk}. */
export function decideByVariables({ variables, app }: Pick<ConsentEnvironment, 'variables' | 'app'>): Consent | null {
  // 1. Above everything, our own variable included: it is the one switch a user sets once for all tools.
  if (!['', '0', 'false'].includes(said(variables['DO_NOT_TRACK']) ?? '')) {
    return OFF_FOR_ALL
  }
  const own = said(variables[variableName(app)])
  // 2. Set but empty is a no: `ACME_USAGE_TRACKING= acme …` is how one takes a permission away.
  if (own !== undefined && ['', '0', 'false', 'no', 'off'].includes(own)) {
    return OFF_FOR_APP
  }
  return null
}

/** Rows 3 to 7. */
export function decideByDisk(
  environment: ConsentEnvironment,
  stored: StoredConsent,
  terminal: ConsentTerminal,
): Consent {
  const decision = decideByRest(environment, stored, terminal)
  // 3.
  if (said(environment.variables[variableName(environment.app)]) === 'log')
    return { ...OFF, mode: 'log', source: 'log-variable', wouldBe: decision }
  return { ...decision, mode: decision.allowed ? 'on' : 'off' }
}

/** Rows 4 to 7. A stored `on` is no row: it does not make a CI system's runs a person's. */
function decideByRest(
  environment: ConsentEnvironment,
  stored: StoredConsent,
  terminal: ConsentTerminal,
): ConsentDecision {
  // 4.
  if (stored.consent === 'off') return { ...OFF, source: 'stored' }
  if (stored.consent === 'unreadable') return { ...OFF, source: 'stored-unreadable' }
  // 5.
  if (isCi(environment.variables)) return decideInCi(environment.ci)
  // 6.
  if (environment.notice && !stored.noticeShown) return noticeDue(terminal)
  // 7.
  return { ...ON, source: stored.consent === 'on' ? 'stored' : 'default' }
}

/** @rare */
function decideInCi(wanted: ConsentEnvironment['ci']): ConsentDecision {
  return wanted === 'off' ? { ...OFF, source: 'ci' } : { ...ON, source: 'ci', delivery: wanted }
}

/** @rare */
function noticeDue({ stderrIsTty }: ConsentTerminal): ConsentDecision {
  return { ...ON, source: 'notice', noticeDue: true, notice: stderrIsTty ? 'due' : 'deferred' }
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
