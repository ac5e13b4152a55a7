import { askBrowser } from './ask-browser.ts'

export interface LivenessSettings {
  /** Between the end of one question and the next. */
  readonly intervalMs: number
  /** How long an answer may take. */
  readonly timeoutMs: number
  /** How many answers in a row have to be missing. */
  readonly misses: number
}

/**
 * Asks the browser's HTTP server now and then, beside the stream and never in it: a page that loops or an answer of 60 MB does not
 * delay that server. Bytes that arrived since the last question count as an answer. Only silence is a miss: a refused connection
 * ends the session's own socket as well, and is seen there. Calls `unresponsive` at most once. The function returned ends it.
 *
 * Race R48: when our own loop stood still, a question's time is over before its answer is read. Such silence is ours and proves nothing.
 */
export function startLivenessProbe(
  browserUrl: string,
  { intervalMs, timeoutMs, misses }: LivenessSettings,
  bytesDown: () => number,
  unresponsive: () => void,
): () => void {
  const stopped = new AbortController()
  let missed = 0
  let bytesSeen = bytesDown()
  let timer = setTimeout(ask, intervalMs)
  return () => {
    clearTimeout(timer)
    stopped.abort()
  }

  function ask(): void {
    const askedMs = performance.now()
    void askBrowser(browserUrl, '/json/version', timeoutMs, stopped.signal).then(({ kind }) => {
      if (stopped.signal.aborted) return
      const bytes = bytesDown()
      if (kind !== 'silent' || bytes !== bytesSeen) missed = 0
      else if (performance.now() - askedMs < 2 * timeoutMs) missed += 1
      bytesSeen = bytes
      if (missed >= misses) unresponsive()
      else timer = setTimeout(ask, intervalMs)
    })
  }
}
