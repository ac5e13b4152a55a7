/** What the host says of its user's credential at this moment. */
import type { TrackerSettings } from './tracker-options.ts'

export type CredentialNow =
  | { readonly kind: 'not-told' }
  | { readonly kind: 'none' }
  | { readonly kind: 'text'; readonly text: string }

/** A host function that throws or answers with something else has told nothing. */
export function readCredential(settings: TrackerSettings): CredentialNow {
  if (settings.credential === null) return { kind: 'not-told' }
  try {
    const value: unknown = settings.credential()
    if (value === null || value === undefined || value === '') return { kind: 'none' }
    return typeof value === 'string' ? { kind: 'text', text: value } : { kind: 'not-told' }
  } catch {
    return { kind: 'not-told' }
  }
}
