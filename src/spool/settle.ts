/**
 * What a reporter does with `in-flight/` before it sends: adopt the dead, leave the living and the unknown.
 *
 * Race R6: two reporters (a stale lock taken over twice) adopt the same record. Both write the same bytes under the same uuid; at
 * worst it is sent twice as one.
 * Race R10: a record younger than a minute that does not parse is one that is being written: left.
 */
import type { Envelope } from '../events/envelope.ts'
import { fs } from '../files/fs.ts'
import { readSmallFile } from '../files/read-small-file.ts'
import {
  type InstanceVerdict,
  judgeInstance,
  type ProcessInstance,
  type ProcessProbe,
} from '../platform/process-instance.ts'
import { type DropCounts, dropFile, listWaiting } from './bounds.ts'
import { inFlightPath, parseInFlight, pendingPath, publish, removeQuietly, replace } from './in-flight.ts'
import { SPOOL_BOUNDS } from './spool-bounds.ts'
import type { CommandLayout } from './spool-layout.ts'

export type InFlightVerdict =
  | { readonly kind: 'publish' }
  /** Write this envelope over the record, then publish it. */
  | { readonly kind: 'adopt'; readonly envelope: Envelope }
  /** An alias is settled against usage.json, under its lock. */
  | { readonly kind: 'alias' }
  | { readonly kind: 'drop'; readonly reason: 'too_old' | 'damaged' }
  | { readonly kind: 'leave' }

/** Pure. `ageMs` is the file's, since its last change. */
export function decideInFlight(
  text: string | null,
  ageMs: number,
  recordedAgeMs: number,
  judge: (process: ProcessInstance) => InstanceVerdict,
): InFlightVerdict {
  const parsed = text === null ? null : parseInFlight(text)
  if (parsed === null || parsed.kind === 'torn')
    return Math.abs(ageMs) > SPOOL_BOUNDS.settleAgeMs ? { kind: 'drop', reason: 'damaged' } : { kind: 'leave' }
  if (parsed.kind === 'foreign-schema') return { kind: 'leave' }
  if (parsed.kind === 'envelope')
    return parsed.envelope.event === '$create_alias' ? { kind: 'alias' } : { kind: 'publish' }
  const { record } = parsed
  if (judge(record.process) === 'gone') return { kind: 'adopt', envelope: record.envelope }
  return recordedAgeMs > SPOOL_BOUNDS.ageMs ? { kind: 'drop', reason: 'too_old' } : { kind: 'leave' }
}

export interface Settled {
  readonly published: number
  /** True: an alias waits in `in-flight/` and has to be settled under the identity's lock. */
  readonly aliasFound: boolean
}

export interface SettleSeams {
  readonly here: ProcessInstance
  readonly probe: (pid: number) => ProcessProbe | null
  readonly nowMs: number
  readonly stillAllowed: () => boolean
}

export function settleInFlight(layout: CommandLayout, counts: DropCounts, seams: SettleSeams): Settled {
  let published = 0
  let aliasFound = false
  for (const { uuid, recordedMs } of listWaiting(layout.inFlight)) {
    const path = inFlightPath(layout, uuid)
    const file = readSmallFile(path)
    if (file.kind === 'absent') continue
    const stat = fs.lstatSync(path, { throwIfNoEntry: false })
    if (stat === undefined) continue
    const text = file.kind === 'text' ? file.text : null
    const verdict = decideInFlight(text, seams.nowMs - stat.mtimeMs, seams.nowMs - recordedMs, (process) =>
      judgeInstance(process, seams.here, seams.probe),
    )
    if (verdict.kind === 'leave') continue
    if (!seams.stillAllowed()) break
    if (verdict.kind === 'alias') aliasFound = true
    else if (verdict.kind === 'drop') dropFile(path, counts, verdict.reason)
    else if (verdict.kind === 'publish' || replace(layout, verdict.envelope).kind === 'written') {
      if (publish(layout, uuid) === 'published') published += 1
      if (!seams.stillAllowed()) removeQuietly(pendingPath(layout, uuid)) // race R4, as for a command
    }
  }
  return { published, aliasFound }
}

/** Moves the alias whose pair the identity shows, deletes the others: their link was never committed. Call under the identity's lock. */
export function settleAliases(
  layout: CommandLayout,
  identity: { readonly anon_id: string; readonly linked_principal_id: string | null },
): void {
  for (const { uuid } of listWaiting(layout.inFlight)) {
    if (uuid[14] !== '5') continue // aliases alone are named by UUIDv5
    const file = readSmallFile(inFlightPath(layout, uuid))
    const parsed = file.kind === 'text' ? parseInFlight(file.text) : null
    if (parsed?.kind !== 'envelope' || parsed.envelope.event !== '$create_alias') continue
    const { distinct_id, properties } = parsed.envelope
    if (distinct_id === identity.linked_principal_id && properties['alias'] === identity.anon_id) publish(layout, uuid)
    else fs.rmSync(inFlightPath(layout, uuid), { force: true })
  }
}
