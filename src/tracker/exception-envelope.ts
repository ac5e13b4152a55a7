/** A failed command once more, as PostHog error tracking: only if the host asked for it. */
import type { CommandFacts } from '../events/command-event.ts'
import type { Envelope } from '../events/envelope.ts'
import { exceptionProperties } from '../events/exception-event.ts'
import { hostRootOf } from '../events/stack-frames.ts'
import { uuid7 } from '../events/uuid7.ts'
import { fs } from '../files/fs.ts'
import { type EndOfCommand, envelopeOf, type Identified } from './command-envelope.ts'
import { redactionContext } from './failure-here.ts'
import type { TrackerSettings } from './tracker-options.ts'

/** Null if there was no error. */
export function exceptionEnvelope(
  settings: TrackerSettings,
  facts: CommandFacts,
  who: Omit<Identified, 'uuid'>,
  end: EndOfCommand,
): Envelope | null {
  if (end.outcome.failure === undefined) return null
  const properties = exceptionProperties({
    ...facts,
    error: end.outcome.failure.error,
    handled: end.handled,
    errorMessages: settings.errorMessages,
    redaction: redactionContext(),
    hostRoot: hostRootOf(realPathOf(process.argv[1] ?? '')),
  })
  return envelopeOf(settings, facts, { ...who, uuid: uuid7(Date.now()) }, '$exception', properties)
}

/** An npm bin is a link into the package. */
function realPathOf(path: string): string {
  try {
    return fs.realpathSync(path)
  } catch {
    return path // deleted meanwhile, or `node -e`
  }
}
