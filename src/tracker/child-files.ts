/** The built files that child processes run. Asked for when there is a child to start: making the path costs 0.07 ms on its first use. */
import { packageFile } from '../platform/package-files.ts'

/** @rare */
export function reporterFile(): string {
  return packageFile(import.meta.url, 'reporter/main.cjs')
}

/** @rare */
export function lookUpFile(): string {
  return packageFile(import.meta.url, 'reporter/look-up-main.cjs')
}
