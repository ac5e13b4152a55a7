/** A login or logout that succeeded, and what was there to be seen at that moment. */
import { type CredentialNow, readCredential } from './host-credential.ts'
import type { TrackerSettings } from './tracker-options.ts'

export interface HostWord {
  readonly act: 'login' | 'logout'
  /** ISO. */
  readonly at: string
  readonly credential: CredentialNow
}

export function hostWord(settings: TrackerSettings, act: HostWord['act']): HostWord {
  return { act, at: new Date().toISOString(), credential: readCredential(settings) }
}
