/** How a command of this process ended. With an error the redaction is loaded anyway; what the error says is in the same file. */
import { type CommandEnd, type CommandOutcome, resolveCommandOutcome } from './command-outcome.ts'
import { loadRarePaths } from './load-rare.ts'

export function outcomeNow(end: CommandEnd): CommandOutcome {
  return resolveCommandOutcome(end, (error) => loadRarePaths()?.outcomeOfError(error) ?? 'error')
}
