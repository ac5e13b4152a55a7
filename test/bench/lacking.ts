import { execFileSync } from 'node:child_process'

/** Why nothing can be measured here, or null. */
export function lacking(): string | null {
  if (process.platform !== 'linux') return `needs Linux, this is ${process.platform}`
  try {
    execFileSync('cc', ['--version'], { stdio: 'ignore' })
    return null
  } catch {
    return 'needs cc'
  }
}
