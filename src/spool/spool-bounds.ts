/** The one that every command needs. */
export const ENVELOPE_BYTES_MAX: number = 32 * 1024

/** How much may wait, in one value. What is over is dropped oldest first, counted, and the count is itself reported. */
export const SPOOL_BOUNDS: {
  readonly envelopeBytes: number
  readonly pendingFiles: number
  readonly pendingBytes: number
  readonly ageMs: number
  readonly journalBytes: number
  /** A temporary file or a torn record is only taken for one when it is older than this: a writer may be at it. */
  readonly settleAgeMs: number
} = {
  envelopeBytes: ENVELOPE_BYTES_MAX,
  pendingFiles: 1000,
  pendingBytes: 5 * 1024 * 1024,
  ageMs: 30 * 24 * 3_600_000,
  journalBytes: 256 * 1024,
  settleAgeMs: 60_000,
}
