/** The host's credential is gone while somebody is linked: as a logout, at once. */
import type { AnonId, Identity } from '../identity/identity.ts'
import { settleAliases } from '../spool/settle.ts'
import type { CommandLayout } from '../spool/spool-layout.ts'
import { isStoredOff } from './consent-now.ts'
import { loadRareChanges } from './load-parts.ts'
import type { TrackerSettings } from './tracker-options.ts'

/** Rotates to `fresh`, unless somebody signed in or out meanwhile. Returns what this command is to take for its identity. */
export function signOutElsewhere(
  settings: TrackerSettings,
  layout: CommandLayout,
  identity: Identity,
  fresh: AnonId,
): Identity {
  const outcome = loadRareChanges()?.changeIdentity({
    paths: layout,
    event: { kind: 'signed-out', toldAt: new Date().toISOString() },
    onlyIf: identity,
    waitMs: 0,
    allowed: () => !isStoredOff(settings),
    alias: { settle: (current) => settleAliases(layout, current), prepare: () => false, publish: () => undefined },
    fresh,
  })
  return outcome?.kind === 'changed' ? outcome.identity : { anon_id: fresh, linked_principal_id: null }
}
