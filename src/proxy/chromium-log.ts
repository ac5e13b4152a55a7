/**
 * Learns the browser's address from Chromium's log, for as long as it is asked to. A line is only a hint (devtools-line.ts); what the browser
 * behind it confirms is announced.
 *
 * An old line that is read again, a forged one and one of a browser that has gone are all the same: not confirmed. A true line is
 * not lost among them: each place that is named is asked, and the newest that confirms counts.
 */
import { confirmUpstream } from './confirm-upstream.ts'
import { LineCutter, parseDevToolsLine, type UpstreamHint } from './devtools-line.ts'
import { GrowingFile } from './read-growth.ts'
import { type Looking, repeatLook } from './repeat-look.ts'

export interface ChromiumLogRequest {
  readonly file: string
  /** Told each confirmed address, also of the browser that is known already. */
  readonly announce: (url: string) => void
  /** Told why the log cannot be read (an errno code or a sentence), each time it cannot. It is looked at again all the same. */
  readonly complain?: (why: string) => void
}

const LOOK_MS = 100
/** Chromium prints the line when it listens, but a loaded machine may answer late: a hint is asked about so often, then forgotten. */
const TRIES = 30
/** How many hints wait for an answer. Whoever floods the log with more pushes out the oldest. */
const HINTS_MAX = 64

export function followChromiumLog({ file, announce, complain = () => undefined }: ChromiumLogRequest): Looking {
  const growing = new GrowingFile(file)
  const cutter = new LineCutter()
  const hints = new Hints()
  const looking = repeatLook(async () => {
    try {
      const { bytes, anew } = await growing.read()
      if (anew) cutter.reset()
      for (const line of cutter.cut(bytes)) {
        const hint = parseDevToolsLine(line)
        if (hint !== null) hints.add(hint)
      }
      if (bytes.length > 0) return 0 // the newest line may be further on
    } catch (error) {
      complain((error as NodeJS.ErrnoException).code ?? String(error))
    }
    const confirmed = await hints.confirmNewest()
    if (confirmed !== null) announce(confirmed)
    return LOOK_MS
  })
  return {
    stop: () => {
      looking.stop()
      void growing.close()
    },
  }
}

class Hints {
  /** By what they say; a Map keeps their order, oldest first. */
  readonly #waiting = new Map<string, { readonly hint: UpstreamHint; tries: number }>()

  add(hint: UpstreamHint): void {
    const key = JSON.stringify(hint)
    this.#waiting.delete(key)
    this.#waiting.set(key, { hint, tries: 0 })
    const [oldest] = this.#waiting.keys()
    if (this.#waiting.size > HINTS_MAX && oldest !== undefined) this.#waiting.delete(oldest)
  }

  /** Asks all at once: a port that accepts and is silent must not keep the others waiting for their turn. */
  async confirmNewest(): Promise<string | null> {
    const asked = [...this.#waiting]
    const answers = await Promise.all(asked.map(([, { hint }]) => confirmUpstream(hint)))
    const newest = answers.findLastIndex((url) => url !== null)
    for (const [at, [key, entry]] of asked.entries()) {
      entry.tries += 1
      // What stands before a confirmed line is older than the browser that runs now.
      if (at <= newest || entry.tries >= TRIES) this.#waiting.delete(key)
    }
    return newest === -1 ? null : (answers[newest] ?? null)
  }
}
