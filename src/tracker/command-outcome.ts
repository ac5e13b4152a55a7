/** What a command did in the end, from what was seen of it. Pure: facts in, one closed outcome out. */

export type Outcome = 'ok' | 'error' | 'usage_error' | 'cancelled' | 'terminated' | 'crashed'
export type EndSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP'

/** What was seen. `exitCode` is what the process is about to exit with, as far as it is known at that moment. */
export type CommandEnd =
  | { readonly kind: 'returned'; readonly exitCode: number }
  | { readonly kind: 'threw'; readonly error: unknown; readonly exitCode: number }
  /** The process's 'exit' event came while the command ran; `signal` if one had been seen before. */
  | { readonly kind: 'exited'; readonly exitCode: number; readonly error?: unknown; readonly signal?: EndSignal }
  | { readonly kind: 'signalled'; readonly signal: EndSignal }
  /** The host says so itself: `command.finish({ outcome })`. */
  | {
      readonly kind: 'declared'
      readonly outcome: Exclude<Outcome, 'crashed'>
      readonly exitCode: number
      readonly error?: unknown
    }

export interface CommandOutcome {
  readonly outcome: Outcome
  readonly exitCode: number
  readonly signal: EndSignal | null
  /** Present (even when `undefined` was thrown) only if there was one. */
  readonly failure?: { readonly error: unknown }
}

export const SIGNAL_NUMBER: Readonly<Record<EndSignal, number>> = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 }

export function resolveCommandOutcome(end: CommandEnd): CommandOutcome {
  switch (end.kind) {
    case 'returned':
      return { outcome: end.exitCode === 0 ? 'ok' : 'error', exitCode: end.exitCode, signal: null }
    case 'threw':
      return { outcome: outcomeOfError(end.error), exitCode: end.exitCode, signal: null, failure: { error: end.error } }
    case 'exited':
      return resolveExit(end)
    case 'signalled':
      return ofSignal(end.signal, 128 + SIGNAL_NUMBER[end.signal])
    case 'declared':
      return {
        outcome: end.outcome,
        exitCode: end.exitCode,
        signal: null,
        ...('error' in end ? { failure: { error: end.error } } : {}),
      }
  }
}

function resolveExit(end: Extract<CommandEnd, { kind: 'exited' }>): CommandOutcome {
  if (end.exitCode === 0) return { outcome: 'ok', exitCode: 0, signal: null }
  const failure = 'error' in end ? { failure: { error: end.error } } : {}
  // An uncaught error says more than a signal that the process had survived before.
  if (end.signal !== undefined && !('error' in end)) return ofSignal(end.signal, end.exitCode)
  // A host with its own handler exits with 128 + n by convention; the signal itself was its business.
  const outcome =
    end.exitCode === 128 + SIGNAL_NUMBER.SIGINT
      ? 'cancelled'
      : end.exitCode === 128 + SIGNAL_NUMBER.SIGTERM || end.exitCode === 128 + SIGNAL_NUMBER.SIGHUP
        ? 'terminated'
        : 'error' in end
          ? outcomeOfError(end.error)
          : 'error'
  return { outcome, exitCode: end.exitCode, signal: null, ...failure }
}

function ofSignal(signal: EndSignal, exitCode: number): CommandOutcome {
  return { outcome: signal === 'SIGINT' ? 'cancelled' : 'terminated', exitCode, signal }
}

/** Errors by which the field's parsers and prompts say "wrong usage" and "the user gave up". */
function outcomeOfError(error: unknown): 'error' | 'usage_error' | 'cancelled' {
  if (typeof error !== 'object' || error === null) return 'error'
  let name: unknown
  let code: unknown
  try {
    name = (error as { name?: unknown }).name
    code = (error as { code?: unknown }).code
  } catch {
    return 'error' // a getter of the host's that throws
  }
  if (name === 'AbortError' || code === 'ABORT_ERR' || name === 'ExitPromptError') return 'cancelled'
  if (name === 'YError' || (typeof code === 'string' && /^(ERR_PARSE_ARGS_|commander\.)/.test(code)))
    return 'usage_error'
  return 'error'
}
