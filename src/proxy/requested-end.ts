import type { RequestedEnd } from './proxy-events.ts'

/** Chromium resets the connection at a longer message (99 MiB pass, 101 MiB do not): docs/evidence.md. */
const LONGEST_ACCEPTED_BYTES = 100 * 2 ** 20

const COMMAND = /"method"\s*:\s*"(Browser\.close|Browser\.crash|Target\.closeTarget)"/

/** What of the client's stream explains an end by the browser. */
export interface SentByClient {
  /** Opening bytes of its last text messages, oldest first. */
  readonly openings: readonly string[]
  /** Of the longest message, also one that was still under way. */
  readonly longestMessageBytes: number
  readonly binaryMessages: number
  readonly unmaskedFrames: number
}

/**
 * The client's own act that explains why the browser ended the session. What Chromium cannot stand comes first: it ends the
 * session at once, whatever was asked for before.
 */
export function requestedEnd(sent: SentByClient): RequestedEnd | undefined {
  if (sent.unmaskedFrames > 0) return 'unmasked_frame'
  if (sent.binaryMessages > 0) return 'binary_frame'
  if (sent.longestMessageBytes > LONGEST_ACCEPTED_BYTES) return 'oversize_message'
  const commands = sent.openings.map((opening) => COMMAND.exec(opening)?.[1])
  // A closed tab ends its own session at once, and other sessions hardly ever: what was said afterwards was said to somebody.
  if (commands.at(-1) === 'Target.closeTarget') return 'Target.closeTarget'
  return commands.findLast((command) => command === 'Browser.close' || command === 'Browser.crash')
}
