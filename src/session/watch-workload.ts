import type { ChildProcess } from 'node:child_process'
import type { Readable } from 'node:stream'
import { type KeptOutput, keepOutput } from './kept-output.ts'
import { markerSearch } from './marker-search.ts'
import type { Race } from './race.ts'
import type { SessionSettings } from './session-options.ts'
import { watchIdle } from './watch-idle.ts'
import { watchSessionLog } from './watch-session-log.ts'

/** Which channel said that the work is done, if any; stdout outranks the log. */
export type ChannelConfirmation = 'channel_a' | 'channel_b' | 'unmonitored' | 'dir_missing'

export interface WorkloadWatch {
  /** What was written, as far as it was read and kept. */
  readonly stdout: KeptOutput
  readonly stderr: KeptOutput
  /** Looks at the log once more, and says who confirmed; also what came after the race. */
  confirmation(): ChannelConfirmation
  /** The limits are off; what is still written is read on. */
  stop(): void
}

/** Whether a watcher needs the output that an inheriting workload writes. */
export function readsOutput({ completionMarker, limits }: SessionSettings): boolean {
  return completionMarker !== null || limits.idleOutputMs !== null
}

/** Everybody but the one who waits for the exit: marker, log, idle output, wall clock, the caller's signal. */
export function watchWorkload(child: ChildProcess, settings: SessionSettings, race: Race): WorkloadWatch {
  const { completionMarker: marker, sessionLog, limits, stdio, signal } = settings
  const seen = { stdout: false, log: false, dirMissing: false }
  // The race keeps what came first; a confirmation that comes while the session is wound up counts too.
  const noting: Race = {
    ...race,
    saw(facts) {
      if (facts.completion === 'stdout') seen.stdout = true
      if (facts.completion === 'session_log') seen.log = true
      if (facts.sessionLog === 'dir_missing') seen.dirMissing = true
      race.saw(facts)
    },
  }
  const idle =
    limits.idleOutputMs === null ? null : watchIdle(limits.idleOutputMs, () => noting.saw({ idleStall: true }))
  const log = sessionLog === null ? null : watchSessionLog(sessionLog, { marker, staleMs: limits.staleMs }, noting)
  const timer =
    limits.timeoutMs === null ? null : setTimeout(() => noting.saw({ wallClockFired: true }), limits.timeoutMs)
  const cancel = (): void => noting.saw({ cancelled: true })
  if (signal?.aborted === true) cancel()
  signal?.addEventListener('abort', cancel, { once: true })

  const found = marker === null ? null : markerSearch(marker)
  const stdout = keepOutput(limits.keptOutputBytes)
  const stderr = keepOutput(limits.keptOutputBytes)
  listen(child.stdout, stdio === 'inherit' ? process.stdout : null, (chunk) => {
    stdout.add(chunk)
    idle?.touch()
    if (!seen.stdout && found?.(chunk) === true) noting.saw({ completion: 'stdout' })
  })
  listen(child.stderr, stdio === 'inherit' ? process.stderr : null, (chunk) => {
    stderr.add(chunk)
    idle?.touch()
  })
  return {
    stdout,
    stderr,
    confirmation() {
      log?.look()
      if (seen.stdout) return 'channel_a'
      if (seen.log) return 'channel_b'
      return seen.dirMissing ? 'dir_missing' : 'unmonitored'
    },
    stop() {
      idle?.stop()
      log?.stop()
      if (timer !== null) clearTimeout(timer)
      signal?.removeEventListener('abort', cancel)
    },
  }
}

/** Reads along; with `through`, every byte goes on to it, at its pace. Who breaks that pipe breaks the workload's, as without us. */
function listen(stream: Readable | null, through: NodeJS.WriteStream | null, onChunk: (chunk: Buffer) => void): void {
  if (stream === null) return
  stream.on('data', onChunk)
  if (through === null) return
  stream.pipe(through, { end: false })
  const broken = (): void => void stream.destroy()
  through.on('error', broken)
  stream.once('close', () => through.off('error', broken))
}
