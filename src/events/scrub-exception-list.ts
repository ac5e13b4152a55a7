/** The check of an `$exception_list` before it is sent. */
import {
  type Exception,
  type ExceptionFrame,
  type ExceptionList,
  FRAMES_MAX,
  isFileName,
  isFunctionName,
  NO_MESSAGE,
} from './exception-list.ts'
import { NO_CONTEXT, redactMessage } from './redact.ts'
import { fits } from './shapes.ts'

/** Made anew from what fits, so that nothing else can be in it; null if it is no exception of ours. Never throws on JSON. */
export function scrubExceptionList(value: unknown): ExceptionList | null {
  const [exception] = (Array.isArray(value) ? value : []) as readonly (Partial<
    Record<keyof Exception, unknown>
  > | null)[]
  if (typeof exception !== 'object' || exception === null || !fits('name', exception.type)) return null
  const { handled } = (exception.mechanism ?? {}) as { handled?: unknown }
  const { frames } = (exception.stacktrace ?? {}) as { frames?: unknown }
  const kept = Array.isArray(frames) ? frames.filter(isFrame).slice(0, FRAMES_MAX).map(frameOnly) : []
  return [
    {
      type: exception.type,
      value: redactMessage(exception.value, NO_CONTEXT) ?? NO_MESSAGE,
      mechanism: { handled: handled === true, synthetic: false, type: 'generic' },
      ...(kept.length > 0 ? { stacktrace: { type: 'raw', frames: kept } } : {}),
    },
  ]
}

function isFrame(value: unknown): value is ExceptionFrame {
  const frame = (value ?? {}) as Partial<Record<keyof ExceptionFrame, unknown>>
  return (
    typeof frame.filename === 'string' &&
    isFileName(frame.filename) &&
    typeof frame.function === 'string' &&
    isFunctionName(frame.function) &&
    fits('count', frame.lineno) &&
    fits('count', frame.colno)
  )
}

function frameOnly({ filename, function: name, lineno, colno }: ExceptionFrame): ExceptionFrame {
  return { platform: 'node:javascript', filename, function: name, lineno, colno, in_app: true }
}
