/** One command in 64 keeps the spool within its bounds, so that a machine that never reaches its endpoint stays bounded too. */
import { noDrops, prunePending } from '../spool/bounds.ts'
import { reportDrops } from '../spool/report-drops.ts'
import { spoolLayout } from '../spool/spool-layout.ts'
import { originOf } from './command-envelope.ts'
import { isStoredOff } from './consent-now.ts'
import type { HandOver } from './hand-over.ts'

export function pruneNow(to: HandOver): void {
  const drops = noDrops()
  const stillAllowed = (): boolean => !isStoredOff(to.settings)
  const layout = spoolLayout(to.layout.directory)
  prunePending(layout, Date.now(), drops, stillAllowed)
  reportDrops(layout, drops, originOf(to.settings, to.delivery), Date.now(), stillAllowed)
}
