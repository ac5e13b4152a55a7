/** The first half of a beginning, which every command runs: does one run already, and may anything be recorded at all? */
import { ROLE_VARIABLE } from '../reporter/reporter-task.ts'
import type { BegunCommand, Wish } from './command-handle.ts'
import type { CommandRun } from './command-run.ts'
import { consentNow } from './consent-now.ts'
import { loadRecording } from './load-parts.ts'
import type { LogRun } from './log-run.ts'
import { runningCommand } from './running-commands.ts'

/** A string says why nothing is recorded: `off: <source>`, or what the second half says. */
export function beginHere(wish: Wish): BegunCommand | string {
  const { settings } = wish
  const outer = runningCommand(settings.directory ?? '') as CommandRun | LogRun | undefined
  if (outer !== undefined) return loadRecording()?.joined(outer, wish) ?? 'not-built'
  // A program that was started again instead of its reporter (a single executable, say) ends here: no record, no third process.
  if (process.env[ROLE_VARIABLE] !== undefined) return 'off: is-reporter'
  const startNs = process.hrtime.bigint()
  const consent = consentNow(settings)
  if (consent.mode === 'off') return `off: ${consent.source}`
  return loadRecording()?.begun(wish, consent, startNs) ?? 'not-built'
}
