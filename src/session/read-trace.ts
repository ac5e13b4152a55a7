/** `proc_trace.jsonl`, as far as it is whole: a killed writer's last line, and all after the first bad one, do not count. */
import fs from 'node:fs'
import { parseSnapshot, type ProcSnapshot } from '../tracer/proc-snapshot.ts'

/** An anomaly on disk, which is only shown. */
export type AnomalyRow = { readonly [name: string]: unknown }

export interface Trace {
  /** Of its first line; null: there is none. */
  readonly sessionId: string | null
  readonly snapshots: readonly ProcSnapshot[]
}

/** A day's rows, about. */
const HEAD_BYTES = 16 * 1024 * 1024
const TAIL_BYTES = 64 * 1024

/**
 * Never follows a link, never throws; what cannot be read is empty. Of what is over 16 MiB the beginning and the last minutes: when it
 * ended, how many rows it had and the kernel's own peaks are there.
 */
export function readTrace(path: string): Trace {
  const { head, tail } = readEnds(path)
  const lines = head.split('\n')
  lines.pop() // empty, or torn
  const [first = '', ...rest] = lines
  const { session_id: sessionId } = parseRow(first) ?? {}
  if (typeof sessionId !== 'string') return { sessionId: null, snapshots: [] }
  const snapshots = wholeRows(rest)
  if (snapshots.length < rest.length) return { sessionId, snapshots }
  // Where a tail begins, a line is cut.
  return { sessionId, snapshots: [...snapshots, ...wholeRows(tail.split('\n').slice(1, -1))] }
}

/** Up to the first bad one. */
function wholeRows(lines: readonly string[]): readonly ProcSnapshot[] {
  const snapshots: ProcSnapshot[] = []
  for (const line of lines) {
    const snapshot = parseSnapshot(line)
    if (snapshot === null) break
    snapshots.push(snapshot)
  }
  return snapshots
}

/** `anomalies.jsonl`, as far as it is whole. */
export function readAnomalies(path: string): readonly AnomalyRow[] {
  return readEnds(path)
    .head.split('\n')
    .map(parseRow)
    .filter((row) => row !== null)
}

function parseRow(line: string): AnomalyRow | null {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as AnomalyRow) : null
  } catch {
    return null
  }
}

/** A tail only of what is longer than both. */
function readEnds(path: string): { readonly head: string; readonly tail: string } {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants
  let descriptor: number
  try {
    descriptor = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  } catch {
    return NOTHING // never made, or a link
  }
  const read = (at: number, length: number): string => {
    const bytes = Buffer.alloc(length)
    return bytes.toString('utf8', 0, fs.readSync(descriptor, bytes, 0, length, at))
  }
  try {
    const stat = fs.fstatSync(descriptor)
    if (!stat.isFile()) return NOTHING
    const hasTail = stat.size > HEAD_BYTES + TAIL_BYTES
    return {
      head: read(0, hasTail ? HEAD_BYTES : stat.size),
      tail: hasTail ? read(stat.size - TAIL_BYTES, TAIL_BYTES) : '',
    }
  } catch {
    return NOTHING // a bad block: nothing of it can be told
  } finally {
    fs.closeSync(descriptor)
  }
}

const NOTHING = { head: '', tail: '' }
