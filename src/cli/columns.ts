/** Text in columns. Everything that is printed from a file or from the network goes through {@link printable} here. */
import type { Paint, Style } from './screen.ts'

export type Cell = string | readonly [Style, string]

/** One line a row, each column as wide as its widest cell, two spaces between, nothing after the last word. */
export function inColumns(rows: readonly (readonly Cell[])[], paint: Paint): string {
  const widths: number[] = []
  for (const row of rows)
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, widthOf(textOf(cell)))
  return rows
    .map((row) => {
      const last = row.findLastIndex((cell) => textOf(cell) !== '')
      const cells = row.slice(0, last + 1).map((cell, index) => {
        const text = textOf(cell)
        const painted = typeof cell === 'string' ? text : paint(cell[0], text)
        return index === last ? painted : painted + ' '.repeat((widths[index] ?? 0) - widthOf(text))
      })
      return `${cells.join('  ')}\n`
    })
    .join('')
}

/** Names and their values: names dim, a value of several lines goes on below its first. */
export function inPairs(pairs: readonly (readonly [name: string, ...values: string[]])[], paint: Paint): string {
  const rows = pairs.flatMap(([name, ...values]) =>
    values.map((value, index): Cell[] => [['dim', index === 0 ? name : ''], value]),
  )
  return inColumns(rows, paint)
}

/** Broken between words to fit `columns`; all lines but the first begin with `indent` spaces. */
export function wrapped(text: string, columns: number, indent = 0): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const room = columns - (lines.length === 0 ? 0 : indent)
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > room) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].join(`\n${' '.repeat(indent)}`)
}

/** No control characters: what a terminal would take for a command is data of somebody else's. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\u{fffd}')
}

/** A random id by its first eight characters, another one whole, up to 16 characters. */
export function shortId(id: string): string {
  if (/^[0-9a-f]{8}-[0-9a-f]{4}-/.test(id)) return id.slice(0, 8)
  const characters = Array.from(id)
  return characters.length > 16 ? `${characters.slice(0, 15).join('')}…` : id
}

function textOf(cell: Cell): string {
  return printable(typeof cell === 'string' ? cell : cell[1])
}

function widthOf(text: string): number {
  return Array.from(text).length
}
