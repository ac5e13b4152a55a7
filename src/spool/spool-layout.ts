/** Names of everything in a state directory, and nothing else. See docs/spool.md for who writes, reads and deletes each. */

export interface SpoolLayout {
  /** `~/.acme` */
  readonly directory: string
  readonly usage: string
  /** `~/.acme/telemetry` */
  readonly telemetry: string
  readonly consent: string
  readonly noticeShown: string
  readonly principal: string
  readonly inFlight: string
  readonly pending: string
  readonly journal: string
  readonly reporterLock: string
  readonly reporterState: string
  readonly backoff: string
  /** Only where PID 1 does not reap: reporter/no-reap.ts. */
  readonly noReap: string
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

export function spoolLayout(directory: string): SpoolLayout {
  const telemetry = `${directory}/telemetry`
  const { consent, noticeShown } = consentPaths(directory)
  return {
    directory,
    usage: `${directory}/usage.json`,
    telemetry,
    consent,
    noticeShown,
    principal: `${telemetry}/principal.json`,
    inFlight: `${telemetry}/in-flight`,
    pending: `${telemetry}/pending`,
    journal: `${telemetry}/sent.jsonl`,
    reporterLock: `${telemetry}/reporter.lock`,
    reporterState: `${telemetry}/reporter.json`,
    backoff: `${telemetry}/backoff.json`,
    noReap: `${telemetry}/no-reap.json`,
    sessions: `${telemetry}/sessions`,
    compiled: `${telemetry}/compiled`,
    debug: `${telemetry}/debug`,
  }
}

/** Unfinished writes end so; reporters sweep those over a minute old. */
export const TEMP_SUFFIX = '.tmp'
