/** Loads the two files of rarely needed code, synchronously (it may be inside 'exit'). */
import { packageFile } from '../platform/package-files.ts'
import type * as changes from './rare-changes.ts'
import type * as paths from './rare-paths.ts'

export type RarePaths = typeof paths
export type RareChanges = typeof changes

const loaded = new Map<string, unknown>()

/** Null when the built file is missing or does not load (a host bundled without it): then what it does is not done. */
export function loadRarePaths(): RarePaths | null {
  return load('tracker/rare-paths.cjs') as RarePaths | null
}

/** Brings proper-lockfile, write-file-atomic and uuid with it. Null as above: then nothing is changed. */
export function loadRareChanges(): RareChanges | null {
  return load('tracker/rare-changes.cjs') as RareChanges | null
}

function load(file: string): unknown {
  if (loaded.has(file)) return loaded.get(file)
  let found: unknown = null
  try {
    const require = process.getBuiltinModule('node:module').createRequire(import.meta.url)
    found = require(packageFile(import.meta.url, file))
  } catch {
    // missing, or an upgrade replaced it in mid-run: counted by whoever asked
  }
  loaded.set(file, found)
  return found
}
