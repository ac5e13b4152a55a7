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

const BYTES_MAX = 16 * 1024 * 1024

/** Never follows a link, never throws; what cannot be read is empty. Of what is over 16 MiB only the beginning. */
export function readTrace(path: string): Trace {
  const lines = readText(path).split('\n')
  lines.pop() // empty, or torn
  const [first = '', ...rest] = lines
  const { session_id: sessionId } = parseRow(first) ?? {}
  if (typeof sessionId !== 'string') return { sessionId: null, snapshots: [] }
  const snapshots: ProcSnapshot[] = []
  for (const line of rest) {
    const snapshot = parseSnapshot(line)
    if (snapshot === null) break
    snapshots.push(snapshot)
  }
  return { sessionId, snapshots }
}

/** `anomalies.jsonl`, as far as it is whole. */
export function readAnomalies(path: string): readonly AnomalyRow[] {
  return readText(path)
    .split('\n')
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

function readText(path: string): string {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants
  let descriptor: number
  try {
    descriptor = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  } catch {
    return '' // never made, or a link
  }
  try {
    const stat = fs.fstatSync(descriptor)
    if (!stat.isFile()) return ''
    const bytes = Buffer.alloc(Math.min(stat.size, BYTES_MAX))
    return bytes.toString('utf8', 0, fs.readSync(descriptor, bytes, 0, bytes.length, 0))
  } catch {
    return '' // a bad block: nothing of it can be told
  } finally {
    fs.closeSync(descriptor)
  }
}
