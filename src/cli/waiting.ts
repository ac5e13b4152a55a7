/** The envelopes in `pending/` as a reader sees them: a newer version's and torn ones do not count as waiting. */
import { type Envelope, parseEnvelope } from '../events/envelope.ts'
import { readSmallFile } from '../files/read-small-file.ts'
import { listWaiting } from '../spool/bounds.ts'
import { parseInFlight, pendingPath, inFlightPath } from '../spool/in-flight.ts'
import type { SpoolLayout } from '../spool/spool-layout.ts'

export interface Waiting {
  readonly envelope: Envelope
  readonly bytes: number
}

/** Oldest first. */
export function readWaiting(layout: SpoolLayout): readonly Waiting[] {
  return listWaiting(layout.pending).flatMap(({ uuid }) => {
    const file = readSmallFile(pendingPath(layout, uuid))
    const parsed = file.kind === 'text' ? parseEnvelope(file.text) : null
    return file.kind === 'text' && parsed?.kind === 'envelope'
      ? [{ envelope: parsed.envelope, bytes: Buffer.byteLength(file.text) }]
      : []
  })
}

/** What commands have begun and not finished, or finished and not published; oldest first. */
export function readUnfinished(layout: SpoolLayout): readonly Envelope[] {
  return listWaiting(layout.inFlight).flatMap(({ uuid }) => {
    const file = readSmallFile(inFlightPath(layout, uuid))
    const parsed = file.kind === 'text' ? parseInFlight(file.text) : null
    if (parsed?.kind === 'record') return [parsed.record.envelope]
    return parsed?.kind === 'envelope' ? [parsed.envelope] : []
  })
}

export function commandNameOf(properties: { readonly [name: string]: unknown }): string {
  const name = properties['command_name']
  return typeof name === 'string' ? name : ''
}
