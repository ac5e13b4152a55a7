const BEAT_MS = 100

let watchers = 0
let beat: NodeJS.Timeout | undefined
let lastBeatMs = 0
let lastLateMs = 0

/** Watches the event loop while somebody wants to know: one timer for all sessions, gone with the last. The answer ends it. */
export function watchLoopDelay(): () => void {
  watchers++
  if (!beat) {
    lastBeatMs = performance.now()
    lastLateMs = 0
    beat = setInterval(() => {
      const nowMs = performance.now()
      lastLateMs = Math.max(0, nowMs - lastBeatMs - BEAT_MS)
      lastBeatMs = nowMs
    }, BEAT_MS)
    beat.unref()
  }
  let watching = true
  return () => {
    if (!watching) return
    watching = false
    if (--watchers > 0) return
    clearInterval(beat)
    beat = undefined
  }
}

/** How late the event loop is or has just been, in milliseconds: seen a tenth of a second apart, so short delays may be missed. */
export function loopDelayMs(): number {
  return Math.max(lastLateMs, beat ? performance.now() - lastBeatMs - BEAT_MS : 0, 0)
}
