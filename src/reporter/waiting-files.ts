/** What waits, by destination, and in which order it is sent. Pure. */
import type { Envelope } from '../events/envelope.ts'
import { type Backoff, destinationKey } from './backoff.ts'

export interface WaitingFile {
  readonly uuid: string
  /** Of the envelope, ISO. */
  readonly timestamp: string
  /** A `$create_alias`, which goes before whatever it concerns. */
  readonly alias: boolean
  /** As encoded on disk; the wire's differs by less than its tenth. */
  readonly bytes: number
}

export interface Destination {
  /** Of backoff.json. */
  readonly key: string
  readonly host: string
  readonly apiKey: string
  readonly files: readonly WaitingFile[]
}

/** Envelopes by destination: those without failures first, then by age. Aliases first, then oldest first. */
export function planDestinations(
  waiting: readonly { readonly envelope: Envelope; readonly bytes: number }[],
  backoff: Backoff,
): readonly Destination[] {
  const byKey = new Map<string, Destination & { readonly files: WaitingFile[] }>()
  for (const { envelope, bytes } of waiting) {
    const key = destinationKey(envelope.host, envelope.api_key)
    const destination = byKey.get(key) ?? { key, host: envelope.host, apiKey: envelope.api_key, files: [] }
    byKey.set(key, destination)
    const { uuid, timestamp } = envelope
    destination.files.push({ uuid, timestamp, alias: envelope.event === '$create_alias', bytes })
  }
  const failures = ({ key }: Destination): number => backoff[key]?.failures ?? 0
  return [...byKey.values()]
    .map((destination) => ({ ...destination, files: destination.files.sort(byAge) }))
    .sort((a, b) => failures(a) - failures(b) || byAge(a.files[0] as WaitingFile, b.files[0] as WaitingFile))
}

/** Aliases, then by moment of recording; UUIDv7 decides within a millisecond. */
export function byAge(a: WaitingFile, b: WaitingFile): number {
  if (a.alias !== b.alias) return a.alias ? -1 : 1
  return compare(a.timestamp, b.timestamp) || compare(a.uuid, b.uuid)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
