/** Why no target: the root is gone, or nothing of that name appeared in time. */
export type TraceTargetResolutionCode = 'root-gone' | 'not-found'

/** Thrown by `resolveTraceTarget()`. The wrapper is never returned in the workload's place. */
export class TraceTargetResolutionError extends Error {
  override readonly name = 'TraceTargetResolutionError'
  readonly code: TraceTargetResolutionCode
  readonly rootPid: number
  readonly expectedBasename: string

  constructor(code: TraceTargetResolutionCode, rootPid: number, expectedBasename: string) {
    const why = code === 'root-gone' ? 'process is gone' : 'no descendant of that name appeared in time'
    super(`resolving ${JSON.stringify(expectedBasename)} below process ${rootPid}: ${why}`)
    this.code = code
    this.rootPid = rootPid
    this.expectedBasename = expectedBasename
  }
}
