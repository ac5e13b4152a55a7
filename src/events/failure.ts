/** What a failure says of itself: in a command's event, and the same in `$exception`. */
import type { EventProperties } from './catalogue.ts'
import { errorClass, errorCode } from './error-name.ts'
import { type RedactionContext, redactMessage } from './redact.ts'

export type FailureProperties = Pick<
  EventProperties<'CLI execution failed'>,
  'error_class' | 'error_code' | 'error_message'
>

export interface FailurePolicy {
  readonly errorMessages: 'redacted' | 'omit'
  readonly redaction: RedactionContext
}

/** Never throws, whatever was thrown. Absent: no code, or no message that may be said. */
export function describeFailure(error: unknown, { errorMessages, redaction }: FailurePolicy): FailureProperties {
  const code = errorCode(error)
  const message = errorMessages === 'omit' ? null : redactMessage(error, redaction)
  return {
    error_class: errorClass(error),
    ...(code === undefined ? {} : { error_code: code }),
    ...(message === null ? {} : { error_message: message }),
  }
}
