/** What an event in the life of an identity does to it: the table of docs/architecture.md as one pure function. */
import {
  type AliasPair,
  type AnonId,
  type Identity,
  type PrincipalId,
  resetToAnonymous,
  setLinkedPrincipalId,
  shouldAlias,
} from './identity.ts'
import type { PrincipalFile } from './principal-file.ts'

/** `toldAt` (ISO): when the host said so, which for a look-up is when it began. */
export type IdentityEvent = { readonly toldAt: string } & (
  | /** The host's login succeeded, or a look-up told who the credential belongs to. */
  { readonly kind: 'signed-in'; readonly principal: PrincipalId; readonly credentialHash: string | null }
  /** The host's logout succeeded, or its credential is gone. */
  | { readonly kind: 'signed-out' }
  /** A credential that is not the link's, or a login, and nobody could say whose: nobody is linked until somebody can. */
  | { readonly kind: 'principal-unknown'; readonly credentialHash: string | null; readonly retryAfter: string }
)

export interface IdentityState {
  readonly identity: Identity
  /** Whether the machine mark is this machine's. */
  readonly madeHere: boolean
  /** Whether the host has said something newer meanwhile: then this event arrives too late to sign anybody in. */
  readonly overtaken: boolean
}

export interface IdentityChange {
  readonly identity: Identity
  /** Without the machine mark, which belongs to the anonymous id, and the event's date: both are set by the writer. */
  readonly principalFile: Pick<PrincipalFile, 'credential_hash' | 'retry_after'>
  readonly alias: AliasPair | null
}

/**
 * Null: it came too late, and everything stays as it is. What changes no identity is a change all the same: it was the host's last
 * word, and an older one must find it. `fresh` is used if, and only if, the anonymous id is rotated.
 */
export function decideIdentityChange(state: IdentityState, event: IdentityEvent, fresh: AnonId): IdentityChange | null {
  const { identity, madeHere, overtaken } = state
  if (overtaken && event.kind !== 'signed-out') return null
  switch (event.kind) {
    case 'signed-in': {
      const next = setLinkedPrincipalId(identity, event.principal, madeHere, fresh)
      const pair = { distinctId: event.principal, alias: identity.anon_id }
      return {
        identity: next,
        principalFile: { credential_hash: event.credentialHash, retry_after: null },
        alias: shouldAlias(identity, event.principal, madeHere) ? pair : null,
      }
    }
    case 'signed-out':
      return {
        identity: resetToAnonymous(identity, fresh),
        principalFile: { credential_hash: null, retry_after: null },
        alias: null,
      }
    case 'principal-unknown':
      return {
        identity: resetToAnonymous(identity, fresh),
        principalFile: { credential_hash: event.credentialHash, retry_after: event.retryAfter },
        alias: null,
      }
  }
}
