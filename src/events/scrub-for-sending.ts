/**
 * The reporter's own look at what it is about to send: whoever wrote the file, with whatever version, nothing leaves that the
 * catalogue does not say. Loaded by the reporter only.
 */
import { isCommandEvent, isEventName, shapeOf } from './catalogue.ts'
import type { Json, Properties } from './envelope.ts'
import { isHostPropertyName, isHostString } from './host-properties.ts'
import { looksSecret } from './looks-secret.ts'
import { NO_CONTEXT, type RedactionContext, redactMessage } from './redact.ts'
import { scrubExceptionList } from './scrub-exception-list.ts'
import { fitsAny } from './fits-any.ts'
import type { ShapeName } from './shapes.ts'

export interface ScrubbedProperties {
  readonly properties: Properties
  /** How many were left out. */
  readonly dropped: number
}

/** Shapes wide enough for a secret to fit in. Identifiers are meant to look random, and are not among them. */
const WIDE: ReadonlySet<ShapeName> = new Set(['command', 'name', 'fingerprint', 'comm', 'agent'])

/**
 * Catalogued properties that fit their shape, the message redacted again; on commands' events also host properties by the rule
 * of host-properties.ts. All else is dropped and counted; an event that is not in the catalogue keeps nothing.
 */
export function scrubForSending(
  event: string,
  properties: Properties,
  context: RedactionContext = NO_CONTEXT,
): ScrubbedProperties {
  const kept: Record<string, Json> = {}
  let dropped = 0
  for (const [name, value] of Object.entries(properties)) {
    const scrubbed = scrubProperty(event, name, value, context)
    if (scrubbed === undefined) dropped += 1
    else kept[name] = scrubbed
  }
  return { properties: kept, dropped }
}

/** The value to send, `undefined` to leave it out. */
function scrubProperty(event: string, name: string, value: Json, context: RedactionContext): Json | undefined {
  if (!isEventName(event)) return undefined
  const shape = shapeOf(event, name)
  if (shape === undefined) return isCommandEvent(event) && isHostProperty(name, value) ? value : undefined
  if (!fitsAny(shape, value)) return undefined
  if (shape === 'message') return redactMessage(value, context) ?? undefined
  if (shape === 'exceptions') return scrubExceptionList(value) ?? undefined
  return WIDE.has(shape) && typeof value === 'string' && looksSecret(value) ? undefined : value
}

function isHostProperty(name: string, value: Json): boolean {
  return isHostPropertyName(name) && (typeof value === 'boolean' || Number.isSafeInteger(value) || isHostString(value))
}
