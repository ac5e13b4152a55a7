/** Standard output and standard error as the commands see them: data on one, everything else on the other. */
import { styleText } from 'node:util'

export type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow' | 'cyan'
export type Paint = (style: Style, text: string) => string

export interface Screen {
  write(text: string): void
  readonly isTty: boolean
  /** 80 where nobody knows. */
  readonly columns: number
  /** Colours on a terminal, unless NO_COLOR is set or TERM is `dumb`. */
  readonly paint: Paint
}

export interface Screens {
  /** What was asked for. */
  readonly out: Screen
  /** Everything else: progress, warnings, errors. */
  readonly err: Screen
}

export const PLAIN: Paint = (_, text) => text

export function processScreens(): Screens {
  return { out: screenOf(process.stdout), err: screenOf(process.stderr) }
}

function screenOf(stream: NodeJS.WriteStream): Screen {
  const { isTTY: isTty = false } = stream as { readonly isTTY?: boolean }
  const coloured = isTty && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb'
  return {
    write: (text) => void stream.write(text),
    isTty,
    columns: stream.columns || 80,
    paint: coloured ? (style, text) => styleText(style, text, { validateStream: false }) : PLAIN,
  }
}
