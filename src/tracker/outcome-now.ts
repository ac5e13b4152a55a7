/** How a command of this process ended. What is not plain is resolved by command-outcome.ts, which most commands do not load. */
import type { CommandEnd, CommandOutcome } from './command-outcome.ts'
import { loadRarePaths } from './load-parts.ts'

export function outcomeNow(end: CommandEnd): CommandOutcome {
  if (end.kind !== 'returned') return outcomeOf(end)
  return { outcome: end.exitCode === 0 ? 'ok' : 'error', exitCode: end.exitCode, signal: null }
}

/** @rare */
function outcomeOf(end: CommandEnd): CommandOutcome {
  const exitCode = 'exitCode' in end ? end.exitCode : 1
  const isPlain = end.kind === 'exited' && exitCode === 0
  const resolved = isPlain ? null : loadRarePaths()?.resolveCommandOutcome(end)
  return resolved ?? { outcome: isPlain ? 'ok' : 'error', exitCode, signal: null }
}
