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
    void askBrowser(browserUrl, '/json/version', timeoutMs, stopped.signal).then(({ kind }) => {
      if (stopped.signal.aborted) return
      const bytes = bytesDown()
      missed = kind === 'silent' && bytes === bytesSeen ? missed + 1 : 0
      bytesSeen = bytes
      if (missed >= misses) unresponsive()
      else timer = setTimeout(ask, intervalMs)
    })
  }
}
