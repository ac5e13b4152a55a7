/** What `status()` and `afterword status` say. Reads only; never throws. */
import { explainConsent, variableName } from '../consent/decide-consent.ts'
import type { DeliveryMode } from '../events/envelope.ts'
import { readIdentity } from '../identity/identity-file.ts'
import { readSmallFile } from '../files/read-small-file.ts'
import { canSpawnHere } from '../platform/detached-spawn.ts'
import { decideDeliveryMode } from '../reporter/delivery-mode.ts'
import { readReaping } from '../reporter/no-reap.ts'
import { listWaiting } from '../spool/bounds.ts'
import { readWaiting } from '../spool/read-waiting.ts'
import { spoolLayout } from '../spool/spool-layout.ts'
import { consentNow } from './consent-now.ts'
import type { TrackerSettings } from './tracker-options.ts'

export interface TrackerStatus {
  readonly app: string
  /** Null: there is no home. */
  readonly directory: string | null
  readonly consent: {
    readonly allowed: boolean
    readonly mode: 'on' | 'off' | 'log'
    /** What decided. */
    readonly source: string
    readonly noticeDue: boolean
    /** One sentence for people. */
    readonly explanation: string
  }
  readonly identity: {
    readonly kind: 'anonymous' | 'linked' | 'none' | 'damaged' | 'unreadable'
    readonly anonId: string | null
    readonly principalId: string | null
  }
  readonly waiting: { readonly events: number; readonly oldest: string | null; readonly running: number }
  readonly delivery: DeliveryMode
  /** `reporter.json` as the last reporter left it. */
  readonly lastReporter: { readonly [key: string]: unknown } | null
  /** Per destination: `not_before`, `failures`, `reason`. */
  readonly backoff: { readonly [key: string]: unknown }
  /** What this tracker's commands became, counted. */
  readonly outcomes: { readonly [outcome: string]: number }
}

export type StatusSettings = Pick<TrackerSettings, 'app' | 'directory' | 'ci' | 'notice'>

export function readStatus(settings: StatusSettings, outcomes: { readonly [outcome: string]: number }): TrackerStatus {
  const consent = consentNow(settings)
  const layout = spoolLayout(settings.directory ?? '')
  const waiting = settings.directory === null ? [] : readWaiting(layout.pending)
  const oldest = waiting[0]
  return {
    app: settings.app,
    directory: settings.directory,
    consent: {
      allowed: consent.allowed,
      mode: consent.mode,
      source: consent.source,
      noticeDue: consent.noticeDue,
      explanation: explainConsent(consent, variableName(settings.app), layout.consent),
    },
    identity: readWho(layout.usage),
    waiting: {
      events: waiting.length,
      oldest: oldest?.timestamp ?? null,
      running: settings.directory === null ? 0 : listWaiting(layout.inFlight).length,
    },
    delivery: decideDeliveryMode({
      wanted: consent.delivery,
      canSpawn: canSpawnHere(),
      ...readReaping(layout.noReap, Date.now()),
    }),
    lastReporter: readObject(layout.reporterState),
    backoff: readObject(layout.backoff) ?? {},
    outcomes,
  }
}

function readWho(usagePath: string): TrackerStatus['identity'] {
  const file = readIdentity(usagePath)
  if (file.kind !== 'identity')
    return { kind: file.kind === 'absent' ? 'none' : file.kind, anonId: null, principalId: null }
  const { anon_id, linked_principal_id } = file.identity
  return {
    kind: linked_principal_id === null ? 'anonymous' : 'linked',
    anonId: anon_id,
    principalId: linked_principal_id,
  }
}

function readObject(path: string): { readonly [key: string]: unknown } | null {
  const file = readSmallFile(path)
  if (file.kind !== 'text') return null
  try {
    const value: unknown = JSON.parse(file.text)
    return typeof value === 'object' && value !== null ? (value as { readonly [key: string]: unknown }) : null
  } catch {
    return null // torn by a kill: as good as absent
  }
}
