/** Who is there when a command begins. Nothing here waits; the packages are loaded only for damage. */
import { type AnonId, type DistinctId, type Identity, resolveDistinctId } from '../identity/identity.ts'
import { readIdentity } from '../identity/identity-file.ts'
import type { CommandLayout } from '../spool/spool-layout.ts'
import { loadAsking, loadRarePaths } from './load-parts.ts'
import type { LookUp } from './look-up.ts'
import type { TrackerSettings } from './tracker-options.ts'

export interface IdentityAtBegin {
  /** As on disk. */
  readonly identity: Identity
  /** Who the command is booked to if nothing more becomes known. */
  readonly distinct: DistinctId
  /** The host's credential then; null: none, or not told. */
  readonly credential: string | null
  /** The id a rotation at the end would take: the begin record already carries it when the link is in doubt. */
  readonly fresh: AnonId | null
  readonly lookUp: LookUp | null
}

export interface NoIdentity {
  readonly kind: 'none'
  readonly reason: string
}

const NOT_BUILT: NoIdentity = { kind: 'none', reason: 'not-built' }

export function identityAtBegin(
  settings: TrackerSettings,
  layout: CommandLayout,
  act: 'login' | 'logout' | null,
): IdentityAtBegin | NoIdentity {
  const file = readIdentity(layout.usage)
  const opened = file.kind === 'identity' ? file.identity : firstIdentity(settings, layout)
  if ('kind' in opened) return opened
  const asIs = { identity: opened, distinct: resolveDistinctId(opened), credential: null, fresh: null, lookUp: null }
  // Login and logout say themselves what happens; nobody to ask means nobody to link.
  const isNobodyToAsk = settings.principal === null && settings.credential === null
  return act !== null || isNobodyToAsk ? asIs : askAtBegin(settings, layout, asIs)
}

/** @rare */
function askAtBegin(
  settings: TrackerSettings,
  layout: CommandLayout,
  asIs: IdentityAtBegin,
): IdentityAtBegin | NoIdentity {
  // Nothing can have changed that the link knows of.
  if (settings.credential === null && asIs.identity.linked_principal_id !== null) return asIs
  return loadAsking()?.askAtBegin(settings, layout, asIs) ?? NOT_BUILT
}

/** @rare */
function firstIdentity(settings: TrackerSettings, layout: CommandLayout): Identity | NoIdentity {
  return loadRarePaths()?.firstIdentity(settings, layout) ?? NOT_BUILT
}
