/** When `usage.json` is no identity yet, or not any more: first use, damage, or nothing at all. */
import { fs } from '../files/fs.ts'
import type { Identity } from '../identity/identity.ts'
import { createIdentity, readIdentity } from '../identity/identity-file.ts'
import { encodePrincipalFile, machineMark, NO_PRINCIPAL_FILE } from '../identity/principal-file.ts'
import { removeQuietly } from '../spool/in-flight.ts'
import { type CommandLayout, spoolLayout } from '../spool/spool-layout.ts'
import { isStoredOff } from './consent-now.ts'
import type { NoIdentity } from './identity-at-begin.ts'
import { loadRareChanges } from './load-parts.ts'
import type { TrackerSettings } from './tracker-options.ts'

export function firstIdentity(
  settings: Pick<TrackerSettings, 'app' | 'directory' | 'principal'>,
  layout: CommandLayout,
): Identity | NoIdentity {
  const file = readIdentity(layout.usage)
  if (file.kind === 'identity') return file.identity
  if (file.kind === 'unreadable') return { kind: 'none', reason: `usage.json: ${file.reason}` }
  if (file.kind === 'damaged') {
    const repaired = loadRareChanges()?.setDamagedAside(layout, () => !isStoredOff(settings), Date.now())
    const isRepaired = repaired !== undefined && (repaired.kind !== 'failed' || repaired.reason === 'busy')
    if (!isRepaired) return { kind: 'none', reason: 'usage.json: damaged' }
  }
  const made = createIdentity(layout.usage, spoolLayout(layout.directory).telemetry)
  if (made.kind === 'failed') return { kind: 'none', reason: made.reason }
  if (made.kind === 'created') {
    if (settings.principal !== null) writeMark(layout.principal, made.identity)
    // Race R11: `off` erased between our look at consent and the link. Either this look sees it, or its erasing came later.
    if (isStoredOff(settings)) {
      removeQuietly(layout.usage)
      removeQuietly(layout.principal)
      return { kind: 'none', reason: 'off' }
    }
  }
  return made.identity
}

/** Written in place: a torn or missing mark costs a merge at the first login, never an attribution. */
function writeMark(path: string, identity: Identity): void {
  try {
    const file = { ...NO_PRINCIPAL_FILE, machine: machineMark(identity.anon_id) }
    fs.writeFileSync(path, encodePrincipalFile(file), { flag: 'wx', mode: 0o600 })
  } catch {
    // there already, or not writable: as said above
  }
}
