/** Sessions whose tracer is gone, as one step of a reporter's run. Where nobody ever traced anything it costs one look. */
import { consentMark } from '../consent/consent-mark.ts'
import { spoolSink } from '../spool/spool-sink.ts'
import type { DrainContext } from './drain.ts'

const fs = process.getBuiltinModule('node:fs')

export async function recoverLeft({ layout, allowed }: DrainContext, consentFiles: readonly string[]): Promise<void> {
  if (!allowed() || !fs.existsSync(layout.sessions)) return
  const { recoverSessions } = await import('../session/recovery.ts')
  const sink = spoolSink({ layout, allowed, consentMark: () => consentMark(consentFiles) })
  await recoverSessions({ directory: layout.directory, sink, mayGoOn: allowed })
}
