/** Figures over time as a line of block characters, and marks below it. Pure. */

const LEVELS = ' ▁▂▃▄▅▆▇█'

/** `values` squeezed into `width` columns, the highest of each column; null is a gap. All of one height where nothing moves. */
export function curve(values: readonly (number | null)[], width: number): string {
  const columns = squeezed(values, width)
  const top = Math.max(0, ...columns.map((value) => value ?? 0))
  return columns
    .map((value) => (value === null ? ' ' : LEVELS[top === 0 ? 1 : 1 + Math.round((value / top) * 7)]))
    .join('')
}

/** A `^` under each column in which one of `indices` lies; nothing after the last. */
export function marks(indices: readonly number[], count: number, width: number): string {
  const columns = Math.min(width, count)
  // The last column that begins at or before it: squeezed() rounds down where a column begins.
  const marked = new Set(indices.map((index) => Math.ceil(((index + 1) * columns) / count) - 1))
  return Array.from({ length: columns }, (_, column) => (marked.has(column) ? '^' : ' '))
    .join('')
    .trimEnd()
}

function squeezed(values: readonly (number | null)[], width: number): readonly (number | null)[] {
  const columns = Math.min(width, values.length)
  return Array.from({ length: columns }, (_, column) => {
    const from = Math.floor((column * values.length) / columns)
    const to = Math.max(from + 1, Math.floor(((column + 1) * values.length) / columns))
    const seen = values.slice(from, to).filter((value) => value !== null)
    return seen.length === 0 ? null : Math.max(...seen)
  })
}
