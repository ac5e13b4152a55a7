/** What a host's `telemetry` command prints, whatever framework it is mounted in. */

/** What the command needs of a CommandTracker. */
export interface Inspectable {
  /** Printed as it is with `--json`; further keys are printed one a line. */
  status(): Status
  setTracking(tracking: 'on' | 'off'): TrackingStored
  /** Newest last. */
  journal(): Journal
}

export interface Status {
  readonly consent: { readonly allowed: boolean; readonly source: string; readonly explanation: string }
}

/** `left`: files that `off` could not erase. */
export type TrackingStored =
  | { readonly kind: 'stored'; readonly left: readonly string[] }
  | { readonly kind: 'failed'; readonly reason: string }

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

/** What went wrong with a choice, for stderr; null if nothing did. */
export function trackingComplaint(tracking: 'on' | 'off', stored: TrackingStored): string | null {
  if (stored.kind === 'failed') return `telemetry ${tracking}: could not be stored (${stored.reason})\n`
  return stored.left.length === 0 ? null : `telemetry ${tracking}: stored, but not erased: ${stored.left.join(', ')}\n`
}

function plain(value: unknown): string {
  if (typeof value !== 'object') return typeof value === 'string' ? value : JSON.stringify(value)
  return (
    Object.entries(value ?? {})
      .map(([name, each]) => `${name} ${plain(each)}`)
      .join(', ') || 'none'
  )
}
