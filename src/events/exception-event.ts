/** `$exception`, which a host turns on: a failed command in PostHog's error tracking, with no more in it than the command's event. */
import type { EventProperties } from './catalogue.ts'
import { type CommandFacts, safeCommandName, safeVersion } from './command-event.ts'
import { NO_MESSAGE } from './exception-list.ts'
import { describeFailure, type FailurePolicy } from './failure.ts'
import { looksSecret } from './looks-secret.ts'
import { hostFrames } from './stack-frames.ts'

export interface FailedCommand extends Pick<CommandFacts, 'commandName' | 'cliVersion'>, FailurePolicy {
  readonly error: unknown
  /** False for what ended the process uncaught. */
  readonly handled: boolean
  /** Of `hostRootOf`. */
  readonly hostRoot: string | null
}

export function exceptionProperties(failed: FailedCommand): EventProperties<'$exception'> {
  const failure = describeFailure(failed.error, failed)
  const type = failure.error_class ?? '(other)'
  const command = safeCommandName(failed.commandName, looksSecret)
  const frames = hostFrames(stackOf(failed.error), failed.hostRoot)
  return {
    $geoip_disable: true,
    $ip: null,
    command_name: command,
    cli_version: safeVersion(failed.cliVersion),
    $exception_list: [
      {
        type,
        value: failure.error_message ?? NO_MESSAGE,
        mechanism: { handled: failed.handled, synthetic: false, type: 'generic' },
        ...(frames.length > 0 ? { stacktrace: { type: 'raw', frames } } : {}),
      },
    ],
    // Our own: PostHog's is made of the message, and would open an issue for each wording. Over 64 it is hashed.
    $exception_fingerprint: fingerprint(command, failure.error_code ?? type),
    $exception_level: 'error',
  }
}

/** The kind of failure stays whole; the command gives way. */
function fingerprint(command: string, kind: string): string {
  const end = `:${kind}`.slice(0, 60)
  return `${command.slice(0, 64 - end.length)}${end}`
}

function stackOf(error: unknown): unknown {
  try {
    return typeof error === 'object' && error !== null ? (error as { stack?: unknown }).stack : undefined
  } catch {
    return undefined // a getter or Proxy of the host's that throws
  }
}
