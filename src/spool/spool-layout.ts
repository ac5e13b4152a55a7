/** Names of everything in a state directory, and nothing else. See docs/spool.md for who writes, reads and deletes each. */

/** What every command that is recorded asks for. */
export interface CommandLayout {
  /** `~/.acme` */
  readonly directory: string
  readonly usage: string
  readonly principal: string
  readonly inFlight: string
  readonly pending: string
  readonly reporterLock: string
  readonly backoff: string
  /** Only where PID 1 does not reap: reporter/no-reap.ts. */
  readonly noReap: string
}

export interface SpoolLayout extends CommandLayout {
  /** `~/.acme/telemetry` */
  readonly telemetry: string
  readonly consent: string
  readonly noticeShown: string
  readonly journal: string
  readonly reporterState: string
  readonly sessions: string
  /** The reporter's code as V8 compiled it: reporter/compiled-code.ts. */
  readonly compiled: string
  /** Diagnostics go here, only if the user makes the folder. */
  readonly debug: string
}

/** Those two alone: asked for three times by every command, for each place of a choice. */
export function consentPaths(directory: string): Pick<SpoolLayout, 'consent' | 'noticeShown'> {
  return { consent: `${directory}/telemetry/consent.json`, noticeShown: `${directory}/telemetry/notice-shown` }
}

export function commandLayout(directory: string): CommandLayout {
  return {
    directory,
    usage: `${directory}/usage.json`,
    principal: `${directory}/telemetry/principal.json`,
    inFlight: `${directory}/telemetry/in-flight`,
    pending: `${directory}/telemetry/pending`,
    reporterLock: `${directory}/telemetry/reporter.lock`,
    backoff: `${directory}/telemetry/backoff.json`,
    noReap: `${directory}/telemetry/no-reap.json`,
  }
}

export function spoolLayout(directory: string): SpoolLayout {
  const telemetry = `${directory}/telemetry`
  return {
    ...commandLayout(directory),
    ...consentPaths(directory),
    telemetry,
    journal: `${telemetry}/sent.jsonl`,
    reporterState: `${telemetry}/reporter.json`,
    sessions: `${telemetry}/sessions`,
    compiled: `${telemetry}/compiled`,
    debug: `${telemetry}/debug`,
  }
}

/** Unfinished writes end so; reporters sweep those over a minute old. */
export const TEMP_SUFFIX = '.tmp'
