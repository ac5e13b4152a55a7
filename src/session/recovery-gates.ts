/** What may be done with a session's directory that its owner may have left. Pure: facts in, a verdict out; recovery.ts does it. */
import type { InstanceVerdict } from '../platform/process-instance.ts'
import type { OwnerAnswer } from './owner-socket.ts'
import type { ParsedRecord } from './session-record.ts'

/** Of what is left alone, or set aside at once. */
export const UNCLAIMED_VERDICTS = [
  /** No `session.json` yet, and younger than half a minute: it is being made. */
  'too_young',
  /** It never came. Set aside after a day. */
  'not_enrolled',
  /** Not a private directory of ours that is named by a UUID. Set aside after a day. */
  'foreign',
  /** A symbolic link: never followed. Set aside after a day. */
  'symlink',
  /** `session.json` is no record. Set aside after a day. */
  'torn',
  /** A newer version's: left to it. */
  'future_schema',
  /** Its owner answers, also when stopped. */
  'live',
  /** Another machine's or another container's, as far as can be seen. Taken after a day. */
  'elsewhere',
  /** Somebody else was faster. */
  'claimed_elsewhere',
] as const

/** Of what was claimed: it counts against the sessions that one run may take. */
export const CLAIMED_VERDICTS = [
  /** What it holds is not what its record says. Set aside. */
  'alien',
  /** Its owner had written the summary: handed over, nothing recovered. */
  'finished',
  /** Recovered; the machine was started again in between. */
  'reboot',
  /** Recovered; the workload lives on without its tracer, and is left alone. */
  'tracer_lost',
  /** Recovered; tracer and workload are gone. */
  'recovered',
  /** Claimed, but it could not be written. A later recoverer takes it. */
  'failed',
] as const

export type UnclaimedVerdict = (typeof UNCLAIMED_VERDICTS)[number]
export type RecoveryVerdict = UnclaimedVerdict | (typeof CLAIMED_VERDICTS)[number]

export const RECOVERY_AGES: { readonly youngMs: number; readonly quarantineMs: number; readonly claimMs: number } = {
  youngMs: 30_000,
  quarantineMs: 24 * 3_600_000,
  claimMs: 60_000,
}

export interface LeftFacts {
  readonly entry: 'private-directory' | 'symlink' | 'other'
  /** Its name; what `session.json` has to say too. */
  readonly name: string
  readonly isNamedByUuid: boolean
  /** Since anything in it changed; a date ahead of now counts as old too. */
  readonly ageMs: number
  readonly record: ParsedRecord | { readonly kind: 'absent' }
  readonly owner: OwnerAnswer
  readonly isSameBoot: boolean
  /** Of the tracer that the record names; `unknown` without a record. */
  readonly tracer: InstanceVerdict
}

export type ClaimDecision =
  | { readonly kind: 'claim' }
  | { readonly kind: 'leave' | 'quarantine'; readonly verdict: RecoveryVerdict }

export function decideClaim(facts: LeftFacts): ClaimDecision {
  const { entry, owner, record, ageMs } = facts
  const old = ageMs > RECOVERY_AGES.quarantineMs
  const notOurs = (verdict: RecoveryVerdict): ClaimDecision => ({ kind: old ? 'quarantine' : 'leave', verdict })
  if (entry === 'symlink') return notOurs('symlink')
  if (entry === 'other' || !facts.isNamedByUuid) return notOurs('foreign')
  if (owner === 'alive') return { kind: 'leave', verdict: 'live' }
  switch (record.kind) {
    case 'absent':
      return ageMs < RECOVERY_AGES.youngMs ? { kind: 'leave', verdict: 'too_young' } : notOurs('not_enrolled')
    case 'torn':
      return notOurs('torn')
    case 'future-schema':
      return { kind: 'leave', verdict: 'future_schema' }
    case 'record':
      break
  }
  if (record.record.session_id !== facts.name) return notOurs('alien')
  // A refused connection proves a death on this machine only: over a network share the socket of a living owner refuses too.
  if (facts.isSameBoot && owner === 'dead') return { kind: 'claim' }
  switch (facts.tracer) {
    case 'gone':
      return { kind: 'claim' }
    case 'alive':
      return { kind: 'leave', verdict: 'live' }
    case 'unknown':
      return old ? { kind: 'claim' } : { kind: 'leave', verdict: 'elsewhere' }
  }
}

export interface EndFacts {
  /** The summary that its owner wrote is there. */
  readonly hasSummary: boolean
  /** The trace begins with another session's id, or is of another process. */
  readonly isAlien: boolean
  readonly isSameBoot: boolean
  readonly target: InstanceVerdict
  /** Of `judgeRecoveredOom()`. */
  readonly oomKill: 'confirmed' | 'probable' | null
}

export type RecoveredAs = Extract<RecoveryVerdict, 'alien' | 'finished' | 'reboot' | 'tracer_lost' | 'recovered'>

export function decideEnd(facts: EndFacts): {
  readonly verdict: RecoveredAs
  readonly termination: 'crashed' | 'reboot' | 'tracer_lost' | 'oom_killed'
} {
  if (facts.isAlien) return { verdict: 'alien', termination: 'crashed' }
  if (facts.hasSummary) return { verdict: 'finished', termination: 'crashed' }
  if (!facts.isSameBoot) return { verdict: 'reboot', termination: 'reboot' }
  if (facts.target === 'alive') return { verdict: 'tracer_lost', termination: 'tracer_lost' }
  return { verdict: 'recovered', termination: facts.oomKill !== null ? 'oom_killed' : 'crashed' }
}
