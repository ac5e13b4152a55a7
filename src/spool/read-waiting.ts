/** What waits, envelope by envelope: for people (status, log, flush), never on a command's way. */
import { type Envelope, parseEnvelope } from '../events/envelope.ts'
import { readSmallFile } from '../files/read-small-file.ts'
import { listWaiting } from './bounds.ts'

/** Oldest first. What a newer version wrote, and what is torn, does not count as waiting. */
export function readWaiting(pendingFolder: string): readonly Envelope[] {
  return listWaiting(pendingFolder).flatMap(({ uuid }) => {
    const file = readSmallFile(`${pendingFolder}/${uuid}.json`)
    const parsed = file.kind === 'text' ? parseEnvelope(file.text) : null
    return parsed?.kind === 'envelope' ? [parsed.envelope] : []
  })
}
