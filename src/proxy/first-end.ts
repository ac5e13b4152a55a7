import type { PumpEnd } from './pump-end.ts'

/** A socket that ended, or an act of our own. Notes are in the order in which this process came to know them. */
export type EndNote =
  | { readonly side: 'client' | 'upstream'; readonly how: 'close_frame' | 'fin' | 'reset'; readonly paused: boolean }
  | { readonly side: 'proxy'; readonly how: 'url_change' | 'probe_timeout' | 'shutdown' }

type SocketEnd = Extract<EndNote, { side: 'client' | 'upstream' }>

/**
 * Who ended it, out of everything noted within two turns of the event loop from the first note on (at least one).
 *
 * Race R41: a loop that was late sees both ends at once, and the side with unread data a turn later than the other, so that order
 * proves nothing. What proves something: a client that says goodbye means it, and a browser's end is never the answer to a
 * client's in so short a time, as nothing of a client's bare end has been passed on yet.
 */
export function decideFirstEnd(notes: readonly EndNote[], loopDelayMs: number): PumpEnd {
  const sure = { ambiguous: false, loopDelayMs: 0, paused: false }
  if (notes.some(({ how }) => how === 'shutdown'))
    return { cause: 'context', closedBy: 'proxy', how: 'shutdown', ...sure }
  const [first] = notes
  if (first?.side === 'proxy') return { cause: 'upstream', closedBy: 'proxy', how: first.how, ...sure }
  const ends = notes.filter((note): note is SocketEnd => note.side !== 'proxy')
  const strongest = ends.reduce((best, end) => (strength(end) > strength(best) ? end : best))
  const { side, how, paused } = strongest
  const ambiguous =
    ends.some((end) => end.side !== side && !isAnswer(end, strongest, ends)) || ends.length < notes.length
  return { cause: side, closedBy: side, how, paused, ambiguous, loopDelayMs: ambiguous ? loopDelayMs : 0 }
}

/** Of equals the first wins: `reduce` keeps it. */
function strength({ side, how }: SocketEnd): number {
  if (how === 'close_frame') return 3
  if (side === 'upstream') return how === 'reset' ? 2 : 1
  return 0
}

/** A goodbye that was passed on is echoed; what follows the echo on that side belongs to it. */
function isAnswer(end: SocketEnd, goodbye: SocketEnd, ends: readonly SocketEnd[]): boolean {
  if (goodbye.how !== 'close_frame' || goodbye.side !== 'client') return false
  const echo = ends.findIndex(({ side, how }) => side === end.side && how === 'close_frame')
  return echo > ends.indexOf(goodbye) && ends.indexOf(end) >= echo
}
