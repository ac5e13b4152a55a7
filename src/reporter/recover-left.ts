/**
 * Sessions whose tracer is gone, as one step of a reporter's run. Where nobody ever traced anything it costs one look: what knows
 * sessions is a file of its own (dist/session/recovery.cjs) that most reporters never need.
 *
 * Race R39: an upgrade of the package takes that file away under a running reporter, or puts another version's there. Then nothing is
 * recovered in this run; the next run's files fit together. What waits in the spool is sent all the same.
 */
import { consentMark } from '../consent/consent-mark.ts'
import { fs } from '../files/fs.ts'
import { packageFile } from '../platform/package-files.ts'
import type * as recovery from '../session/recovery.ts'
import { spoolSink } from '../spool/spool-sink.ts'
import type { DrainContext } from './drain.ts'

/** Never rejects. */
export async function recoverLeft({ layout, allowed }: DrainContext, consentFiles: readonly string[]): Promise<void> {
  if (!allowed() || !fs.existsSync(layout.sessions)) return
  const sink = spoolSink({ layout, allowed, consentMark: () => consentMark(consentFiles) })
  try {
    await loadRecovery().recoverSessions({ directory: layout.directory, sink, mayGoOn: allowed })
  } catch {
    // R39
  }
}

/** Throws where it is missing or torn. */
function loadRecovery(): typeof recovery {
  const file = packageFile(import.meta.url, 'session/recovery.cjs')
  return process.getBuiltinModule('node:module').createRequire(file)(file) as typeof recovery
}
