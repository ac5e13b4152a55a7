/** What was lost is itself an event: one `telemetry dropped` envelope for one round of pruning or settling. */
import type { Envelope } from '../events/envelope.ts'
import { uuid7 } from '../events/uuid7.ts'
import { readSmallFile } from '../files/read-small-file.ts'
import type { DropCounts } from './bounds.ts'
import { enqueue, pendingPath, removeQuietly } from './in-flight.ts'
import { appendJournal } from './journal.ts'
import type { SpoolLayout } from './spool-layout.ts'

/**
 * Nothing dropped: nothing written. Booked to the installation's anonymous id, never to a person: nobody's command was this. Without
 * a readable id the count stays in the journal alone. Returns the envelope's uuid, null if there is none.
 *
 * Race R54: `off` between the caller's look at consent and these two files, of which it had erased the journal. We look once more: either
 * that look sees `off`, and what we wrote goes, or its erasing began later and saw the files.
 */
export function reportDrops(
  layout: SpoolLayout,
  counts: DropCounts,
  origin: Pick<Envelope, 'app' | 'api_key' | 'host' | 'delivery'>,
  nowMs: number,
  stillAllowed: () => boolean,
): string | null {
  if (counts.dropped === 0) return null
  const timestamp = new Date(nowMs).toISOString()
  const { dropped, ...parts } = counts
  const reason = Object.entries(parts).map(([key, value]) => `${key.replace('dropped_', '')} ${value}`)
  appendJournal(layout.journal, [
    { at: timestamp, verdict: 'dropped', uuid: null, event: `${dropped} events`, reason: reason.join(', ') },
  ])
  const anonId = readAnonId(layout.usage)
  const uuid = anonId === null ? null : enqueueDrops(layout, counts, origin, { anonId, timestamp, uuid: uuid7(nowMs) })
  if (stillAllowed()) return uuid
  removeQuietly(layout.journal)
  if (uuid !== null) removeQuietly(pendingPath(layout, uuid))
  return null
}

function enqueueDrops(
  layout: SpoolLayout,
  counts: DropCounts,
  origin: Parameters<typeof reportDrops>[2],
  { anonId, timestamp, uuid }: { readonly anonId: string; readonly timestamp: string; readonly uuid: string },
): string | null {
  const written = enqueue(layout, {
    schema_version: 1,
    uuid,
    timestamp,
    event: 'telemetry dropped',
    distinct_id: anonId,
    is_anon: true,
    properties: { ...counts, $geoip_disable: true, $ip: null },
    ...origin,
  })
  return written.kind === 'written' ? uuid : null
}

function readAnonId(usagePath: string): string | null {
  const file = readSmallFile(usagePath)
  if (file.kind !== 'text') return null
  try {
    const { anon_id } = JSON.parse(file.text) as { anon_id?: unknown }
    return typeof anon_id === 'string' ? anon_id : null
  } catch {
    return null // damaged: a command sets it aside
  }
}
