/**
 * Every limit of the reporter, in one value. The host's `launch.ts` reads it too: this file imports nothing and does nothing.
 * docs/reporter.md lists them; where a number is not obvious, its reason is beside it.
 */
const SECOND = 1_000
const HOUR = 3_600_000

/** `exitMs` and slack: no holder outlives the box, so age is the proof of death. The two that every command needs. */
export const LOCK_STALE_MS = 12_000
export const LOCK_FUTURE_MS = 2_000

export const REPORTER_LIMITS: {
  readonly exitMs: number
  readonly inlineMs: number
  readonly inlineKillMs: number
  readonly lastRequestStartMs: number
  readonly lookUpMs: number
  readonly aliasMs: number
  readonly requestMs: number
  readonly requestReserveMs: number
  readonly lingerMs: number
  readonly lingerUntilMs: number
  readonly batchEventsMax: number
  readonly batchBytesMax: number
  readonly gzipAboveBytes: number
  readonly answerBytesMax: number
  readonly lockStaleMs: number
  readonly lockFutureMs: number
  readonly backoffBaseMs: number
  readonly backoffJitter: number
  readonly backoffMaxMs: number
  readonly pauseMs: number
  readonly farDateMs: number
  readonly carefulAfterFailures: number
  readonly loneFailuresMax: number
  readonly suspectMemoryMs: number
} = {
  /** The box: nothing of ours lives longer. Counted, like all the moments below, from the reporter's start. */
  exitMs: 10 * SECOND,
  /** The box when a host waits for us (promise: at most 1.5 s in all), and when the host kills what does not keep it. */
  inlineMs: 1_200,
  inlineKillMs: 1_400,
  /** No request starts later: 1.5 s is the least that is worth trying, and leaves the reserve. */
  lastRequestStartMs: 8 * SECOND,
  lookUpMs: 2 * SECOND,
  aliasMs: 2 * SECOND,
  /** One request from DNS to the last byte, or what is left of the box less `requestReserveMs` (at most a quarter of it). */
  requestMs: 5 * SECOND,
  requestReserveMs: 500,
  /** After a drain, for the rest of a burst; never beyond `lingerUntilMs`. */
  lingerMs: SECOND,
  lingerUntilMs: 7 * SECOND,
  batchEventsMax: 100,
  batchBytesMax: 1024 * 1024,
  /** Below this gzip saves no packet worth loading zlib for. */
  gzipAboveBytes: 4 * 1024,
  /** Of an answer's body; PostHog's is 15 bytes. What is beyond belongs to a captive portal. */
  answerBytesMax: 64 * 1024,
  lockStaleMs: LOCK_STALE_MS,
  lockFutureMs: LOCK_FUTURE_MS,
  /** base · 2^failures ± jitter, at most max. */
  backoffBaseMs: 5 * SECOND,
  backoffJitter: 0.25,
  backoffMaxMs: 6 * HOUR,
  /**
   * After 401, 403, 404 and the like, which only a person can mend. Whoever mends it on our side changes key or host, and a new
   * destination waits for nothing; if it is mended on the server, four requests a day notice it within a working day.
   */
  pauseMs: 6 * HOUR,
  /** A `Retry-After` or a `not_before` further ahead is a wrong clock or nonsense, and ignored. */
  farDateMs: 24 * HOUR,
  /** In a row at one destination; from then on a batch begins with one file, chosen at random. */
  carefulAfterFailures: 3,
  /** An event that failed so often alone, each time beside an accepted one, is given up. */
  loneFailuresMax: 8,
  /** As long as an event may wait at all: a suspect not tried for so long has no file any more. */
  suspectMemoryMs: 30 * 24 * HOUR,
}
