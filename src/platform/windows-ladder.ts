/**
 * How to start a process that outlives the job we are in, one rung at a time. Pure: the doer (windows-job.ts) tells what happened so
 * far and does what is said. Why in this order: docs/testing.md, "Windows (Wine)".
 */
import { windowsDetachFlags } from './windows-flags.ts'

/** `0` it worked, another number is GetLastError's, `threw` is the foreign-function layer's own failure, null is not tried yet. */
export type Tried = number | 'threw' | null

export interface LadderFacts {
  /** CreateProcessW can be called from here. */
  readonly hasCalls: boolean
  /** IsProcessInJob of ourselves; null when it could not be asked. */
  readonly inJob: boolean | null
  readonly withBreakaway: Tried
  readonly withoutBreakaway: Tried
}

export type LadderStep =
  | { readonly step: 'create'; readonly rung: 'withBreakaway' | 'withoutBreakaway'; readonly flags: number }
  /** It runs; IsProcessInJob of the child says whether it is free (a nested job may have kept it). */
  | { readonly step: 'created' }
  /** Node's own spawn: enough outside a job and in libuv's; the best there is elsewhere. */
  | { readonly step: 'spawn'; readonly why: 'no-calls' | 'not-in-a-job' | 'calls-failed' }

const ERROR_ACCESS_DENIED = 5
const CREATE_UNICODE_ENVIRONMENT = 0x0000_0400

export function decideWindowsLadder({ hasCalls, inJob, withBreakaway, withoutBreakaway }: LadderFacts): LadderStep {
  if (!hasCalls) return { step: 'spawn', why: 'no-calls' }
  if (inJob === null) return { step: 'spawn', why: 'calls-failed' }
  if (!inJob) return { step: 'spawn', why: 'not-in-a-job' }
  if (withBreakaway === null) return create('withBreakaway')
  if (withBreakaway === 0) return { step: 'created' }
  // The job forbids it, and then CreateProcess fails as a whole: take what can be had.
  if (withBreakaway !== ERROR_ACCESS_DENIED) return { step: 'spawn', why: 'calls-failed' }
  if (withoutBreakaway === null) return create('withoutBreakaway')
  return withoutBreakaway === 0 ? { step: 'created' } : { step: 'spawn', why: 'calls-failed' }
}

function create(rung: 'withBreakaway' | 'withoutBreakaway'): LadderStep {
  return {
    step: 'create',
    rung,
    flags: windowsDetachFlags(true, rung === 'withBreakaway') | CREATE_UNICODE_ENVIRONMENT,
  }
}
