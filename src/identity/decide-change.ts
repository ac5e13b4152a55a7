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
  readonly principalFile: PrincipalFile
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

/** Null: leave everything as it is. `fresh` is used if, and only if, the anonymous id is rotated. */
export function decideIdentityChange(state: IdentityState, event: IdentityEvent, fresh: AnonId): IdentityChange | null {
  const { identity, principalFile, madeHere } = state
  if (state.overtaken && event.kind !== 'signed-out') return null
  switch (event.kind) {
    case 'signed-in': {
      const same = identity.linked_principal_id === event.principal
      if (same && event.credentialHash === null) return null
      const next = setLinkedPrincipalId(identity, event.principal, madeHere, fresh)
      const pair = { distinctId: event.principal, alias: identity.anon_id }
      return {
        identity: next,
        principalFile: { credential_hash: event.credentialHash, retry_after: null },
        alias: !same && shouldAlias(identity, event.principal, madeHere) ? pair : null,
      }
    }
    case 'signed-out':
      // Of nobody it is still a word to remember: a look-up that is under way must not sign anybody in after it.
      return {
        identity: resetToAnonymous(identity, fresh),
        principalFile: { credential_hash: null, retry_after: null },
        alias: null,
      }
    case 'principal-unknown':
      if (identity.linked_principal_id === null && event.credentialHash === null && principalFile.retry_after === null)
        return null
      return {
        identity: resetToAnonymous(identity, fresh),
        principalFile: { credential_hash: event.credentialHash, retry_after: event.retryAfter },
        alias: null,
      }
  }
}
