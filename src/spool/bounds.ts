/**
 * Keeping the spool within its bounds, oldest first, and counting what that costs. Run by every reporter, and by one command in 64
 * (by its uuid's random bits), so that a machine that never reaches its endpoint stays bounded too.
 *
 * Race R9: two prune at once. An unlink has one winner; who gets ENOENT does not count.
 */
import { parseEnvelope } from '../events/envelope.ts'
import { fs } from '../files/fs.ts'
import { readSmallFile } from '../files/read-small-file.ts'
import { SPOOL_BOUNDS } from './spool-bounds.ts'
import { type CommandLayout, TEMP_SUFFIX } from './spool-layout.ts'

export type DropReason = 'too_old' | 'too_many' | 'too_large' | 'damaged' | 'rejected'
type DropKind = 'commands' | 'sessions' | 'others'

/** Counts of what was dropped; the sum of the reasons and the sum of the kinds are both `dropped`. */
export type DropCounts = { dropped: number } & { [key in `dropped_${DropReason | DropKind}`]?: number }

export function noDrops(): DropCounts {
  return { dropped: 0 }
}

/** Adds one file's loss. A `telemetry dropped` envelope that is itself dropped hands on what it had counted. */
export function countDrop(counts: DropCounts, text: string | null, reason: DropReason): void {
  const parsed = text === null ? null : parseEnvelope(text)
  const envelope = parsed?.kind === 'envelope' ? parsed.envelope : null
  if (envelope?.event === 'telemetry dropped') {
    for (const [key, value] of Object.entries(envelope.properties))
      if (key.startsWith('dropped') && typeof value === 'number') addTo(counts, key as keyof DropCounts, value)
    return
  }
  const kind: DropKind =
    envelope?.event.startsWith('CLI execution') === true
      ? 'commands'
      : envelope?.event === 'CLI session summarized'
        ? 'sessions'
        : 'others'
  addTo(counts, 'dropped', 1)
  addTo(counts, `dropped_${reason}`, 1)
  addTo(counts, `dropped_${kind}`, 1)
}

function addTo(counts: DropCounts, key: keyof DropCounts, value: number): void {
  counts[key] = (counts[key] ?? 0) + value
}

export interface WaitingFile {
  readonly uuid: string
  /** Milliseconds since the epoch of the recording, from the name (UUIDv7) or, for an alias, from the file. */
  readonly recordedMs: number
}

/** What waits, oldest first. A folder that cannot be listed has nothing waiting. */
export function listWaiting(folder: string): WaitingFile[] {
  return listNames(folder)
    .flatMap((name) => {
      const uuid = /^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\.json$/.exec(name)?.[1]
      return uuid === undefined ? [] : [{ uuid, recordedMs: recordedMs(folder, uuid) }]
    })
    .sort((a, b) => a.recordedMs - b.recordedMs || (a.uuid < b.uuid ? -1 : 1))
}

function recordedMs(folder: string, uuid: string): number {
  if (uuid[14] === '7') return Number.parseInt(uuid.slice(0, 8) + uuid.slice(9, 13), 16)
  return fs.lstatSync(`${folder}/${uuid}.json`, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

/** Deletes what is over the bounds from `pending/` and adds to `counts`. `stillAllowed` is asked before each deletion. */
export function prunePending(
  layout: CommandLayout,
  nowMs: number,
  counts: DropCounts,
  stillAllowed: () => boolean,
): void {
  const waiting = listWaiting(layout.pending)
  const over = waiting.length - SPOOL_BOUNDS.pendingFiles
  // Below this many files even the largest allowed fit, and nothing has to be asked for its size.
  const mayBeTooLarge = waiting.length * SPOOL_BOUNDS.envelopeBytes > SPOOL_BOUNDS.pendingBytes
  let bytes = mayBeTooLarge ? sumOfSizes(layout.pending, waiting) : 0
  for (const [index, file] of waiting.entries()) {
    const path = `${layout.pending}/${file.uuid}.json`
    const reason: DropReason | null =
      nowMs - file.recordedMs > SPOOL_BOUNDS.ageMs
        ? 'too_old'
        : index < over
          ? 'too_many'
          : bytes > SPOOL_BOUNDS.pendingBytes
            ? 'too_large'
            : null
    if (reason === null) continue
    if (!stillAllowed()) return
    if (mayBeTooLarge) bytes -= sizeOf(path)
    if (!isForeign(path)) dropFile(path, counts, reason)
  }
}

/** A newer version's, which bounds them itself. */
function isForeign(path: string): boolean {
  const file = readSmallFile(path)
  return file.kind === 'text' && parseEnvelope(file.text).kind === 'foreign-schema'
}

/** Deletes and counts one file; false if it was gone. */
export function dropFile(path: string, counts: DropCounts, reason: DropReason): boolean {
  const file = readSmallFile(path)
  try {
    fs.unlinkSync(path)
  } catch {
    return false // another was faster, or the folder takes no writes any more
  }
  countDrop(counts, file.kind === 'text' ? file.text : null, reason)
  return true
}

/** Temporary files that a killed writer left, and write-file-atomic's (`usage.json.1234567`): gone after a minute. */
export function sweepTemporary(folders: readonly string[], nowMs: number): void {
  for (const folder of folders) {
    for (const name of listNames(folder)) {
      if (!name.endsWith(TEMP_SUFFIX) && !/^(usage|principal|consent)\.json\.\d+$/.test(name)) continue
      const path = `${folder}/${name}`
      const stat = fs.lstatSync(path, { throwIfNoEntry: false })
      if (stat !== undefined && stat.isFile() && Math.abs(nowMs - stat.mtimeMs) > SPOOL_BOUNDS.settleAgeMs)
        unlinkQuietly(path)
    }
  }
}

function listNames(folder: string): string[] {
  try {
    return fs.readdirSync(folder)
  } catch {
    return [] // not made yet, or taken away by `off`
  }
}

function sumOfSizes(folder: string, files: readonly WaitingFile[]): number {
  return files.reduce((sum, file) => sum + sizeOf(`${folder}/${file.uuid}.json`), 0)
}

function sizeOf(path: string): number {
  return fs.lstatSync(path, { throwIfNoEntry: false })?.size ?? 0
}

function unlinkQuietly(path: string): void {
  try {
    fs.unlinkSync(path)
  } catch {
    // another reporter swept it
  }
}
