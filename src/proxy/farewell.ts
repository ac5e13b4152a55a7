import type { PumpEnd } from './pump-end.ts'

/** What a client is told whose session ended from the other side. Never 1000: it would be taken for a normal end. */
export function decideFarewell(
  { how }: Pick<PumpEnd, 'how'>,
  upstreamChanged: boolean,
): { readonly code: 1001 | 1011 | 1012; readonly reason: string } {
  if (how === 'shutdown') return { code: 1001, reason: 'proxy shutting down' }
  if (how === 'url_change' || upstreamChanged) return { code: 1012, reason: 'upstream changed' }
  if (how === 'probe_timeout') return { code: 1011, reason: 'upstream unresponsive' }
  return { code: 1011, reason: 'upstream ended' }
}
