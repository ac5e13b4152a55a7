/** Envelopes as a command leaves them, without running one. */
import { mkdirSync, writeFileSync } from 'node:fs'
import type { Envelope } from '../../src/events/envelope.ts'
import { enqueue } from '../../src/spool/in-flight.ts'
import type { SpoolLayout } from '../../src/spool/spool-layout.ts'

export const ANON_ID = '7f0c8a53-29a8-4f1c-9d0e-6f3b0a4c1d2e'

let made = 0

/** A UUIDv7 of any moment: uuid7() itself never goes back. */
export function uuidAt(ms: number): string {
  const time = Math.floor(ms).toString(16).padStart(12, '0')
  const order = (made++ % 0x1000).toString(16).padStart(3, '0')
  const random = Math.floor(Math.random() * 2 ** 48)
    .toString(16)
    .padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${order}-8000-${random}`
}

export function makeEnvelope(more: Partial<Envelope> = {}, recordedMs: number = Date.now()): Envelope {
  return {
    schema_version: 1,
    app: 'acme',
    uuid: uuidAt(recordedMs),
    timestamp: new Date(recordedMs).toISOString(),
    event: 'CLI execution succeeded',
    distinct_id: ANON_ID,
    is_anon: true,
    properties: { command_name: 'toolkit.run', outcome: 'ok', $geoip_disable: true, $ip: null },
    api_key: 'phc_test',
    host: 'http://127.0.0.1:9',
    delivery: 'detached',
    ...more,
  }
}

/** A state directory as after a first command: folders and an anonymous identity. */
export function prepareSpool(layout: SpoolLayout): void {
  mkdirSync(layout.pending, { recursive: true, mode: 0o700 })
  mkdirSync(layout.inFlight, { recursive: true, mode: 0o700 })
  writeFileSync(layout.usage, JSON.stringify({ anon_id: ANON_ID, linked_principal_id: null }), { mode: 0o600 })
}

/** Puts `count` of them into `pending/`, oldest first. */
export function enqueueMany(
  layout: SpoolLayout,
  count: number,
  make: (index: number) => Partial<Envelope> = () => ({}),
): readonly Envelope[] {
  return Array.from({ length: count }, (_, index) => {
    const envelope = makeEnvelope(make(index))
    const written = enqueue(layout, envelope)
    if (written.kind !== 'written') throw new Error(`could not enqueue: ${written.reason}`)
    return envelope
  })
}
