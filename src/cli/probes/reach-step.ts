/** What the child says of one step on the way to a server: one JSON line each, on its stdout. */

export const STEPS = ['dns', 'tcp', 'tls', 'http'] as const
export type StepName = (typeof STEPS)[number]

export interface Step {
  readonly host: string
  readonly step: StepName
  readonly kind: 'done' | 'failed' | 'timeout' | 'skipped'
  readonly ms: number
  /** Addresses, `TLSv1.3`, an error code, or why it was skipped. */
  readonly detail: string
  /** Of `http` that was answered. */
  readonly answer?: { readonly status: number; readonly isHtml: boolean; readonly location: string | null }
}

/** Each step's own, and all of them together: what hangs costs its step, not the command. Below the 5 s of the whole command. */
export const REACH_LIMITS: { readonly stepMs: number; readonly allMs: number; readonly killMs: number } = {
  stepMs: 1500,
  allMs: 3500,
  killMs: 3900,
}

/** The one request: the path that events take, and a method that cannot carry any. PostHog answers 200 and takes nothing in. */
export const PROBE_REQUEST = { method: 'OPTIONS', path: '/batch/' } as const
