/** A failure as it may be told from here: without what this process knows of its user and its place. */
import { describeFailure, type FailureProperties } from '../events/failure.ts'
import type { TrackerSettings } from './tracker-options.ts'

export function failureHere(error: unknown, { errorMessages }: TrackerSettings): FailureProperties {
  return describeFailure(error, { errorMessages, redaction: redactionContext() })
}

/** What redaction needs to know to take out. */
export function redactionContext(): {
  readonly home: string | null
  readonly cwd: string | null
  readonly user: string | null
} {
  return {
    home: process.env['HOME'] ?? process.env['USERPROFILE'] ?? null,
    cwd: currentDirectory(),
    user: process.env['USER'] ?? process.env['LOGNAME'] ?? process.env['USERNAME'] ?? null,
  }
}

function currentDirectory(): string | null {
  try {
    return process.cwd()
  } catch {
    return null // deleted
  }
}
