/**
 * Sessions whose tracer is gone, as one step of a reporter's run. Where nobody ever traced anything it costs one look: what knows
 * sessions is a file of its own (dist/session/recovery.cjs), a quarter of this package's code that most reporters never need.
 */
import { consentMark } from '../consent/consent-mark.ts'
import { packageFile } from '../platform/package-files.ts'
import type * as recovery from '../session/recovery.ts'
import { spoolSink } from '../spool/spool-sink.ts'
import type { DrainContext } from './drain.ts'

const fs = process.getBuiltinModule('node:fs')

export async function recoverLeft({ layout, allowed }: DrainContext, consentFiles: readonly string[]): Promise<void> {
  if (!allowed() || !fs.existsSync(layout.sessions)) return
  const found = loadRecovery()
  if (found === null) return
  const sink = spoolSink({ layout, allowed, consentMark: () => consentMark(consentFiles) })
  await found.recoverSessions({ directory: layout.directory, sink, mayGoOn: allowed })
}

/** Null when an upgrade took the file away under a running reporter: the next run's is whole. */
function loadRecovery(): typeof recovery | null {
  try {
    const file = packageFile(import.meta.url, 'session/recovery.cjs')
    return process.getBuiltinModule('node:module').createRequire(file)(file) as typeof recovery
  } catch {
    return null
  }
}
