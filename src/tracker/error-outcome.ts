/** What an error says of how a command ended. Pure. */

/** Errors by which the field's parsers and prompts say "wrong usage" and "the user gave up". */
export function outcomeOfError(error: unknown): 'error' | 'usage_error' | 'cancelled' {
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
