/** What a host holds of a command: one of its own, or a part of the one that runs already. */
import type { Consent } from '../consent/decide-consent.ts'
import { beginCommand } from './begin-command.ts'
import type { CommandEnd, CommandOutcome } from './command-outcome.ts'
import type { BegunCommand, CommandFinish, Wish } from './command-handle.ts'
import type { CommandRun } from './command-run.ts'
import type { LogRun } from './log-run.ts'
import { outcomeNow } from './outcome-now.ts'

/** One of its own. `startNs`: of `process.hrtime.bigint()`. A string says why nothing is recorded. */
export function begun(wish: Wish, consent: Consent, startNs: bigint): BegunCommand | string {
  const run = beginCommand(wish, consent, startNs)
  if (typeof run === 'string') return run
  const { count } = wish
  return {
    add: (values) => quietly(count, () => run.add(values)),
    finish: /* @soon */ (end) => {
      try {
        return run.finish(endOf(end))
      } catch (error) {
        return countError(count, error)
      }
    },
    discard: () => quietly(count, () => run.discard()),
  }
}

/**
 * The inner of two: what it learns belongs to the outer, and the outer's end is the event.
 * @rare
 */
export function joined(outer: CommandRun | LogRun, { act, count }: Wish): BegunCommand {
  if (act !== null) quietly(count, () => outer.tries(act))
  return {
    add: (values) => quietly(count, () => outer.add(values)),
    finish: (end) =>
      quietly(count, () => {
        if (act === null) return
        if (outcomeNow(endOf(end)).outcome === 'ok') outer.becomes(act)
        else outer.tries(null)
      }),
    discard: () => quietly(count, () => outer.tries(null)),
  }
}

/**
 * What a host calls with, and what another copy of this package answers, is not ours.
 * @rare
 */
function quietly(count: Wish['count'], work: () => void): undefined {
  try {
    work()
  } catch (error) {
    countError(count, error)
  }
}

/** @rare */
function countError(count: Wish['count'], error: unknown): undefined {
  count(`failed: ${error instanceof Error ? error.name : 'unknown'}`)
}

/** What the types forbid and JavaScript says all the same counts as not said: it could not be written down. */
function endOf(end: CommandFinish | undefined): CommandEnd {
  return end === undefined ? { kind: 'returned', exitCode: exitCodeNow(0) } : saidEnd(end)
}

/** @rare */
function saidEnd(end: CommandFinish): CommandEnd {
  const error = 'error' in end ? { error: end.error } : {}
  if (end.outcome !== undefined && DECLARABLE.includes(end.outcome))
    return { kind: 'declared', outcome: end.outcome, exitCode: codeOf(end, end.outcome === 'ok' ? 0 : 1), ...error }
  return 'error' in end
    ? { kind: 'threw', error: end.error, exitCode: codeOf(end, 1) }
    : { kind: 'returned', exitCode: codeOf(end, 0) }
}

const DECLARABLE: readonly CommandOutcome['outcome'][] = ['ok', 'error', 'usage_error', 'cancelled', 'terminated']

/** @rare */
function codeOf(end: CommandFinish, fallback: number): number {
  return end.exitCode !== undefined && Number.isSafeInteger(end.exitCode) ? end.exitCode : exitCodeNow(fallback)
}

function exitCodeNow(fallback: number): number {
  const code = Number(process.exitCode ?? fallback)
  return Number.isSafeInteger(code) && (code !== 0 || fallback === 0) ? code : fallback
}
