/** What a host's `telemetry` command prints, whatever framework it is mounted in. */

/** What the command needs of a CommandTracker. */
export interface Inspectable {
  /** Printed as it is with `--json`; further keys are printed one a line. */
  status(): Status | Promise<Status>
  /** Stores the user's choice; throws if it could not be stored. */
  setTracking(tracking: 'on' | 'off'): unknown
  /** Newest last. */
  journal(): Journal | Promise<Journal>
}

export interface Status {
  readonly consent: { readonly allowed: boolean; readonly source: string; readonly explanation: string }
}

export type Journal = readonly {
  readonly at: string
  readonly verdict: string
  readonly event: string | null
  readonly reason?: string
}[]

/** The explanation first: after `on` under DO_NOT_TRACK it says that it is still off. */
export function statusText(status: Status): string {
  const { consent, ...rest } = status
  const lines = Object.entries(rest).map(([name, value]) => `${name}: ${plain(value)}`)
  return [consent.explanation, ...lines, ''].join('\n')
}

export function journalText(journal: Journal): string {
  if (journal.length === 0) return 'Nothing has been sent or dropped so far.\n'
  return journal
    .map(({ at, verdict, event, reason }) => `${at}  ${verdict}  ${event ?? '-'}${reason ? `  (${reason})` : ''}\n`)
    .join('')
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
