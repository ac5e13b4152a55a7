/** Loads rare-changes.cjs, synchronously (it may be inside 'exit'). */
import { packageFile } from '../platform/package-files.ts'

export type RareChanges = typeof import('./rare-changes.ts')

let loaded: RareChanges | null | undefined

/** Null when the built file is missing or does not load (a host that was bundled without it): then nothing is changed. */
export function loadRareChanges(): RareChanges | null {
  if (loaded !== undefined) return loaded
  try {
    const require = process.getBuiltinModule('node:module').createRequire(import.meta.url)
    loaded = require(packageFile(import.meta.url, 'tracker/rare-changes.cjs')) as RareChanges
  } catch {
    loaded = null
  }
  return loaded
}
