/** What a reporter process is told, in one environment variable that also marks it as a reporter: it never launches another. */

export const ROLE_VARIABLE = 'AFTERWORD_REPORTER'

export interface Destination {
  readonly apiKey: string
  readonly host: string
}

interface Place {
  readonly app: string
  readonly directory: string
  readonly destination: Destination
  /** Every file that may hold the user's no: of this directory and of its stand-ins. */
  readonly consentFiles: readonly string[]
}

export type ReporterTask =
  /** Adopt the dead, drain `pending/`, linger. `patient: false` (flush) does not wait for the back-off. */
  | (Place & { readonly role: 'report'; readonly token: string; readonly patient: boolean })
  /** Drain once and leave: for places where nothing may be left behind. The host waits. */
  | (Place & { readonly role: 'inline'; readonly token: string })
  /** Send that one alias: no lock, no linger; exit code 0 means acknowledged. */
  | (Place & { readonly role: 'alias'; readonly uuid: string; readonly boxMs: number })
  /** look-up-main.ts: url and credential come on stdin, the JSON answer goes to stdout. */
  | { readonly role: 'look-up'; readonly boxMs: number }

export function encodeTask(task: ReporterTask): Readonly<Record<string, string>> {
  return { [ROLE_VARIABLE]: JSON.stringify(task) }
}

/** Null when this process was not started as a reporter. */
export function parseTask(text: string | undefined): ReporterTask | null {
  if (text === undefined) return null
  try {
    const task = JSON.parse(text) as ReporterTask | null
    return typeof task === 'object' && task !== null && typeof task.role === 'string' ? task : null
  } catch {
    return null
  }
}
