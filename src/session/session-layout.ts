/** Names of everything under `telemetry/sessions/`, and nothing else. docs/sessions-on-disk.md says who writes, reads and deletes each. */

export interface SessionsLayout {
  readonly root: string
  /** Append-only; rebuilt from the directories; never read for decisions. */
  readonly index: string
  readonly live: string
  readonly recovering: string
  readonly quarantine: string
  readonly done: string
}

export function sessionsLayout(root: string): SessionsLayout {
  return {
    root,
    index: `${root}/sessions.jsonl`,
    live: `${root}/live`,
    recovering: `${root}/recovering`,
    quarantine: `${root}/quarantine`,
    done: `${root}/done`,
  }
}

/** Inside one session's directory. */
export const RECORD_FILE = 'session.json'
export const TRACE_FILE = 'proc_trace.jsonl'
export const SOCKET_FILE = 'owner.sock'
export const SUMMARY_FILE = 'summary.json'
export const ANOMALIES_FILE = 'anomalies.jsonl'
