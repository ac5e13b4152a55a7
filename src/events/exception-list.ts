/** `$exception_list` as PostHog's error tracking takes it (facts: posthog 2.7), and its check before sending. */
import { NO_CONTEXT, redactMessage } from './redact.ts'
import { fits } from './shapes.ts'

/** One call of the host's own bundle. No source lines, no folders. */
export type ExceptionFrame = {
  readonly platform: 'node:javascript'
  /** The file's name without its folder. */
  readonly filename: string
  readonly function: string
  readonly lineno: number
  readonly colno: number
  readonly in_app: true
}

export type Exception = {
  /** The error's class. */
  readonly type: string
  /** The redacted message, or NO_MESSAGE. */
  readonly value: string
  readonly mechanism: { readonly handled: boolean; readonly synthetic: false; readonly type: 'generic' }
  /** Outermost call first, as PostHog has it. Absent without frames. */
  readonly stacktrace?: { readonly type: 'raw'; readonly frames: readonly ExceptionFrame[] }
}
export type ExceptionList = readonly [Exception]

export const FRAMES_MAX: number = 20
export const NO_MESSAGE: string = '(omitted)'

const FILE_NAME = /^[\w.@+-]{1,64}$/
export const UNKNOWN_FUNCTION: string = '?'

const FUNCTION_NAME = /^[\w.$#<>]{1,64}(?: \[as [\w$.]{1,64}\])?$/

export function isFileName(name: string): boolean {
  return FILE_NAME.test(name)
}

export function isFunctionName(name: string): boolean {
  return name === UNKNOWN_FUNCTION || FUNCTION_NAME.test(name)
}

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
