import type { TracingSettings } from './tracing-settings.ts'

/** What the time to the next row depends on. */
export interface CadenceFacts {
  /** Since the first row. */
  readonly elapsedMs: number
  /** When the burst ends, on the same clock. */
  readonly burstUntilMs: number
  /** CPU time that a row costs us, smoothed. */
  readonly costUs: number
}

/**
 * How long to wait for the next row. Pure. Often at first and after something happened, seldom later; and never so often that
 * rows cost more than their share of a core: the interval doubles until they fit.
 */
export function nextIntervalMs({ elapsedMs, burstUntilMs, costUs }: CadenceFacts, settings: TracingSettings): number {
  const wanted =
    elapsedMs < burstUntilMs
      ? settings.burstIntervalMs
      : elapsedMs < settings.fastForMs
        ? settings.intervalMs
        : settings.slowIntervalMs
  const leastMs = costUs / 1000 / settings.ownCpuShare
  let interval = wanted
  while (interval < leastMs) interval *= 2
  return interval
}
