import fs from 'node:fs'
import { dirname } from 'node:path'
import { markerSearch } from './marker-search.ts'
import type { Race } from './race.ts'
import { watchIdle } from './watch-idle.ts'

export interface SessionLogWatch {
  /** Once more, for what was written last. */
  look(): void
  stop(): void
}

/** A look costs one stat: 2 µs, so four a second are nothing, and a marker is seen soon enough. */
const LOOK_EVERY_MS = 250
/** Of one look: a log that grows faster is read in several. */
const READ_BYTES = 1024 * 1024

/**
 * Watches the file that the workload appends to: for the completion marker, and for standing still for `staleMs`. What was in the
 * file before the session is no news. Reading trouble is silence: a log that cannot be read does not grow.
 *
 * A log that is replaced or cut begins anew.
 */
export function watchSessionLog(
  path: string,
  { marker, staleMs }: { readonly marker: string | null; readonly staleMs: number | null },
  race: Race,
): SessionLogWatch {
  let search = marker === null ? null : markerSearch(marker)
  let seen = identify(path) ?? { ino: null, size: 0 }
  let offset = seen.size
  let found = false
  const idle =
    staleMs === null
      ? null
      : watchIdle(staleMs, () => race.saw({ sessionLog: fs.existsSync(dirname(path)) ? 'stale' : 'dir_missing' }))

  const look = (): void => {
    const now = identify(path)
    if (now === null) return
    if (now.ino !== seen.ino || now.size < offset) {
      offset = 0
      search = marker === null ? null : markerSearch(marker)
    }
    if (now.size !== seen.size || now.ino !== seen.ino) idle?.touch()
    seen = now
    const isIn = search
    if (isIn === null || found) return
    while (offset < now.size) {
      const chunk = readFrom(path, offset)
      if (chunk.length === 0) return
      offset += chunk.length
      if (!isIn(chunk)) continue
      found = true
      return race.saw({ completion: 'session_log' })
    }
  }
  const timer = setInterval(look, LOOK_EVERY_MS)
  return {
    look,
    stop() {
      clearInterval(timer)
      idle?.stop()
    },
  }
}

interface FileIdentity {
  readonly ino: number | null
  readonly size: number
}

function identify(path: string): FileIdentity | null {
  try {
    const stat = fs.statSync(path)
    return stat.isFile() ? { ino: stat.ino, size: stat.size } : null
  } catch {
    return null // not there yet, or not ours to see
  }
}

function readFrom(path: string, offset: number): Buffer {
  try {
    const descriptor = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK)
    try {
      const buffer = Buffer.alloc(READ_BYTES)
      return buffer.subarray(0, fs.readSync(descriptor, buffer, 0, READ_BYTES, offset))
    } finally {
      fs.closeSync(descriptor)
    }
  } catch {
    return Buffer.alloc(0) // gone again, or not ours to read
  }
}
