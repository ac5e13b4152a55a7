/** `$exception_list` as PostHog's error tracking takes it: its types, and what a name in it may look like. */

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
