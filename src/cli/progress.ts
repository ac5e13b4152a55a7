/** What is going on, on standard error: one line that is written over on a terminal, else a line for each change. */
import { printable } from './columns.ts'
import type { Screen } from './screen.ts'

export interface Progress {
  say(text: string): void
  /** With `3/15` behind it on a terminal; elsewhere the text alone, and once. */
  count(text: string, done: number, total: number): void
  /** Takes the line away, so that what follows stands alone. */
  end(): void
}

const ERASE_LINE = '\r\u{1b}[K'

export function showProgress(screen: Screen): Progress {
  let shown = ''
  const say = (text: string): void => {
    const line = printable(text)
    if (line === shown) return
    shown = line
    // A line that wraps could not be taken back.
    const fitting = Array.from(line)
      .slice(0, screen.columns - 1)
      .join('')
    screen.write(screen.isTty ? `${ERASE_LINE}${screen.paint('dim', fitting)}` : `${line}\n`)
  }
  return {
    say,
    count: (text, done, total) => say(screen.isTty ? `${text} ${done}/${total}` : text),
    end() {
      if (screen.isTty && shown !== '') screen.write(ERASE_LINE)
      shown = ''
    },
  }
}
