/** Runs synchronous work without root's right to everything. */
import { chmodSync } from 'node:fs'
import { dirname } from 'node:path'

const NOBODY = 65534

/** `directory` stays enterable for it, and so do its parents up to /tmp. */
export function asNobody<T>(directory: string, work: () => T): T {
  if (process.geteuid?.() !== 0) return work()
  for (let at = directory; at !== '/tmp' && at !== '/'; at = dirname(at)) chmodSync(at, 0o711)
  process.seteuid?.(NOBODY)
  try {
    return work()
  } finally {
    process.seteuid?.(0)
  }
}
