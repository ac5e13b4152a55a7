/** What is going on, on standard error: one line that is written over on a terminal, else a line for each change. */
import { printable } from './columns.ts'
import type { Screen } from './screen.ts'

export interface Progress {
  say(text: string): void
  /** Takes the line away, so that what follows stands alone. */
  end(): void
}

const ERASE_LINE = '\r\u{1b}[K'

export function showProgress(screen: Screen): Progress {
  let shown = ''
  return {
    say(text) {
      const line = printable(text)
      if (line === shown) return
      shown = line
      // A line that wraps could not be taken back.
      if (screen.isTty)
        screen.write(`${ERASE_LINE}${screen.paint('dim', [...line].slice(0, screen.columns - 1).join(''))}`)
      else screen.write(`${line}\n`)
    },
    end() {
      if (screen.isTty && shown !== '') screen.write(ERASE_LINE)
      shown = ''
    },
  }
}
