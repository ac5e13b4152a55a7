/**
 * One gesture for everything that is recorded: a record in `in-flight/`, the finished envelope behind it in the same file (THE
 * COMMIT), then a rename to `pending/`. Of such a file the last whole line counts; another file and a rename over the record would
 * cost a command half as much again in file operations (decision 30).
 *
 * Who writes: the command (or login). Who deletes: nobody but `off` and, after 30 days, the bounds; the rename is the end.
 * A SIGKILL (or a full disk, or a power cut) leaves
 *   before the commit         a begun record: a later reporter finds the process gone and sends it as `crashed`
 *   within the commit         that record, and a torn line behind it: the same
 *   between commit and rename a finished envelope: a later reporter renames it
 *   in a temporary file       a `.tmp`, swept after a minute
 *
 * Race R3: `off` erases in-flight/ first and pending/ after it, so a file on its way from one to the other is met in one of them.
 * Race R4: `off` between our look at the begin record and the commit. A line makes no file: what was erased stays so, and is told by
 * ENOENT. And the command reads consent again after its last rename and takes its own file back (an envelope too long for a line, or
 * an adopted one, had made it anew): either that read sees `off`, or the erasing began later and saw the file.
 * Race R5: a reporter adopts a finished envelope between our commit and our rename. Ours then finds nothing to rename: published
 * either way.
 */
import { type Envelope, encodeEnvelope, lastLine, parseEnvelope } from '../events/envelope.ts'
import { fs } from '../files/fs.ts'
import { errorCode } from '../files/read-small-file.ts'
import { renameOver } from '../files/rename-over.ts'
import { writeByRename } from '../files/write-by-rename.ts'
import { writeWhole } from '../files/write-whole.ts'
import { isProcessInstance, type ProcessInstance } from '../platform/process-instance.ts'
import { ENVELOPE_BYTES_MAX } from './spool-bounds.ts'
import type { CommandLayout } from './spool-layout.ts'

/** What stands in `in-flight/` while the process that it names is responsible for it. */
export interface InFlightRecord {
  readonly schema_version: 1
  /** `begun`: the envelope is what a crash would send. `held`: a signal came, and the envelope is how the command will have ended if it dies of it. */
  readonly state: 'begun' | 'held'
  readonly process: ProcessInstance
  readonly envelope: Envelope
}

export type ParsedInFlight =
  | { readonly kind: 'record'; readonly record: InFlightRecord }
  | { readonly kind: 'envelope'; readonly envelope: Envelope }
  | { readonly kind: 'foreign-schema' }
  | { readonly kind: 'torn' }

/** `reason`: an errno code (ENOENT: it was erased meanwhile), or `oversize`. */
export type Written = { readonly kind: 'written' } | { readonly kind: 'failed'; readonly reason: string }

const WRITTEN: Written = { kind: 'written' }
const OVERSIZE: Written = { kind: 'failed', reason: 'oversize' }
/** Longer ones take the record's place: it may be as long itself, and readers take 64 KiB. In UTF-16 units, three bytes each at most. */
const APPENDED_MAX = 8 * 1024
/** Never makes a file. */
const APPEND = fs.constants.O_WRONLY | fs.constants.O_APPEND

/** @rare */
function isOversize(text: string): boolean {
  return text.length * 3 > ENVELOPE_BYTES_MAX && Buffer.byteLength(text) > ENVELOPE_BYTES_MAX
}

export function parseInFlight(text: string): ParsedInFlight {
  let value: Partial<InFlightRecord> | null
  try {
    value = JSON.parse(lastLine(text)) as Partial<InFlightRecord> | null
  } catch {
    return { kind: 'torn' }
  }
  if (typeof value !== 'object' || value === null || value.state === undefined) return parseEnvelope(text)
  if (value.schema_version !== 1) return { kind: 'foreign-schema' }
  if ((value.state !== 'begun' && value.state !== 'held') || !isProcessInstance(value.process)) return { kind: 'torn' }
  const inner = parseEnvelope(JSON.stringify(value.envelope))
  if (inner.kind !== 'envelope') return inner
  return {
    kind: 'record',
    record: { schema_version: 1, state: value.state, process: value.process, envelope: inner.envelope },
  }
}

/** The beginning of a command. The uuid is new, so O_EXCL never meets anything. */
export function writeBegun(layout: CommandLayout, record: InFlightRecord): Written {
  const path = inFlightPath(layout, record.envelope.uuid)
  const text = `${JSON.stringify(record)}\n`
  try {
    writeWhole(path, text, 'wx')
    return WRITTEN
  } catch (error) {
    const written = afterMaking(layout.inFlight, error, () => writeWhole(path, text, 'wx'))
    if (written.kind === 'failed') removeQuietly(path) // a full disk leaves an empty file
    return written
  }
}

/** The finished envelope of what has begun: the commit. A failed one leaves the record as it was. */
export function commit(layout: CommandLayout, envelope: Envelope): Written {
  const text = encodeEnvelope(envelope)
  if (text.length > APPENDED_MAX) return replace(layout, envelope)
  try {
    writeWhole(inFlightPath(layout, envelope.uuid), text, APPEND)
    return WRITTEN
  } catch (error) {
    return { kind: 'failed', reason: errorCode(error) }
  }
}

/**
 * Puts another record, or an envelope, over what is there, if anything is. A failed one leaves the old record.
 * @rare
 */
export function replace(layout: CommandLayout, what: Envelope | InFlightRecord): Written {
  const uuid = 'envelope' in what ? what.envelope.uuid : what.uuid
  const text = 'envelope' in what ? `${JSON.stringify(what)}\n` : encodeEnvelope(what)
  return isOversize(text) ? OVERSIZE : inFolder(layout.inFlight, () => writeByRename(inFlightPath(layout, uuid), text))
}

export type Published = 'published' | 'gone' | 'failed'

/** From `in-flight/` to `pending/`. `gone`: somebody else moved or erased it. */
export function publish(layout: CommandLayout, uuid: string): Published {
  try {
    renameOver(inFlightPath(layout, uuid), pendingPath(layout, uuid))
    return 'published'
  } catch (error) {
    return publishAnyway(layout, uuid, error)
  }
}

/** @rare */
function publishAnyway(layout: CommandLayout, uuid: string, why: unknown): Published {
  const isGone = (error: unknown): boolean =>
    errorCode(error) === 'ENOENT' && !hasBegun(layout, uuid) && fs.existsSync(layout.pending)
  if (isGone(why)) return 'gone'
  let published: Published = 'published'
  const moved = afterMaking(layout.pending, why, () => {
    try {
      renameOver(inFlightPath(layout, uuid), pendingPath(layout, uuid))
    } catch (error) {
      if (!isGone(error)) throw error
      published = 'gone'
    }
  })
  return moved.kind === 'written' ? published : 'failed'
}

/**
 * A finished envelope that had no beginning: straight to `pending/`, whole or not at all.
 * @rare
 */
export function enqueue(layout: CommandLayout, envelope: Envelope): Written {
  const text = encodeEnvelope(envelope)
  return isOversize(text)
    ? OVERSIZE
    : inFolder(layout.pending, () => writeByRename(pendingPath(layout, envelope.uuid), text))
}

export function hasBegun(layout: CommandLayout, uuid: string): boolean {
  return fs.existsSync(inFlightPath(layout, uuid))
}

/**
 * Best effort; what is left behind is swept or adopted later.
 * @rare
 */
export function removeQuietly(path: string): void {
  try {
    fs.unlinkSync(path)
  } catch {
    // gone already, or a directory that takes no writes: nothing can be done about it here
  }
}

export function inFlightPath(layout: CommandLayout, uuid: string): string {
  return `${layout.inFlight}/${uuid}.json`
}

export function pendingPath(layout: CommandLayout, uuid: string): string {
  return `${layout.pending}/${uuid}.json`
}

/** @rare */
function inFolder(folder: string, write: () => void): Written {
  try {
    write()
    return WRITTEN
  } catch (error) {
    return afterMaking(folder, error, write)
  }
}

/**
 * Makes the folder only when it turns out to be missing: two `stat`s less on every command.
 * @rare
 */
function afterMaking(folder: string, why: unknown, write: () => void): Written {
  if (errorCode(why) !== 'ENOENT') return { kind: 'failed', reason: errorCode(why) }
  try {
    fs.mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') return { kind: 'failed', reason: errorCode(error) }
  }
  try {
    write()
    return WRITTEN
  } catch (error) {
    return { kind: 'failed', reason: errorCode(error) }
  }
}
