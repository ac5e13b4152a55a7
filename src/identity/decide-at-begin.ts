/** What the host's credential says about the stored link when a command begins. Pure. */

export interface CredentialFacts {
  readonly linked: boolean
  /** Whether the host gave a way to ask who is signed in. */
  readonly canAsk: boolean
  /** `not-told`: the host gives none, or it failed. */
  readonly credential: 'not-told' | 'none' | 'text'
  /** Is it the one the link, or the last failed look-up, was made with? Costs a hash: asked last. */
  readonly sameCredential: () => boolean
  /** A look-up failed a short while ago. */
  readonly retryWaiting: boolean
}

export type AtBegin = 'nothing' | 'sign-out' | 'look-up'

export function decideAtBegin(facts: CredentialFacts): AtBegin {
  switch (facts.credential) {
    case 'none':
      return facts.linked ? 'sign-out' : 'nothing'
    case 'not-told':
      return facts.linked || !facts.canAsk ? 'nothing' : 'look-up'
    case 'text':
      if (!facts.canAsk) return 'nothing'
      if (facts.linked) return facts.sameCredential() ? 'nothing' : 'look-up'
      return facts.retryWaiting && facts.sameCredential() ? 'nothing' : 'look-up'
  }
}
