/** What holds deliveries up, in words: `waits until 14:03:22 after 2 failures (http 503)`. Pure. */
import { type BackoffEntry, isWaiting } from '../reporter/backoff.ts'
import { clockTime, counted } from './in-words.ts'

/** Null: nothing is held up at this destination. */
export function backOffInWords(entry: BackoffEntry, nowMs: number): string | null {
  const suspects = Object.values(entry.suspects ?? {}).filter((suspect) => isWaiting(suspect, nowMs)).length
  const alone = suspects === 0 ? '' : `${counted(suspects, 'event')} tried alone, each at its own time`
  const after = `${entry.failures === 0 ? '' : `after ${counted(entry.failures, 'failure')} `}(${reasonInWords(entry)})`
  if (isWaiting(entry, nowMs)) return `waits until ${clockTime(entry.not_before ?? '', nowMs)} ${after}`
  if (entry.failures > 0) return `is tried again by the next command ${after}`
  return alone === '' ? null : alone
}

/** `refused ECONNREFUSED`, `http 503` … as the reporter noted it. */
export function reasonInWords(entry: Pick<BackoffEntry, 'reason'>): string {
  return entry.reason === 'unfinished' ? 'no answer so far' : entry.reason || 'unknown'
}

/** `https://eu.i.posthog.com`, of `https://eu.i.posthog.com phc_…` */
export function hostOfKey(destinationKey: string): string {
  return destinationKey.split(' ')[0] ?? destinationKey
}
