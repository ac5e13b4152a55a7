/** How a cost grows: its exponent, and its picture. A point is `[size, cost]`, both above 0: what is not is left out. */
const COLUMNS = 60
const ROWS = 12

/**
 * Least squares through the logarithms: cost ≈ c × size ** exponent. 0: it does not grow, 1: in proportion, 2: with the square. `error`: its
 * standard error. `r2`: the share of the differences that this line explains, so near 0 where nothing grows. NaN below two sizes.
 */
export function exponent(points) {
  const logs = positive(points).map(([size, cost]) => [Math.log(size), Math.log(cost)])
  const meanX = mean(logs.map(([x]) => x))
  const meanY = mean(logs.map(([, y]) => y))
  const sum = (of) => logs.reduce((total, [x, y]) => total + of(x - meanX, y - meanY), 0)
  const [xx, xy, yy] = [sum((x) => x * x), sum((x, y) => x * y), sum((_, y) => y * y)]
  if (xx === 0) return { exponent: Number.NaN, error: Number.NaN, r2: Number.NaN }
  const slope = xy / xx
  const unexplained = Math.max(0, yy - slope * xy)
  return {
    exponent: slope,
    error: logs.length > 2 ? Math.sqrt(unexplained / (logs.length - 2) / xx) : Number.NaN,
    r2: yy === 0 ? 1 : 1 - unexplained / yy,
  }
}

/** "0.98 ± 0.02, r² 1.00": how a curve is spoken of. Two points say nothing of how well their line fits. */
export function inWords({ exponent: slope, error, r2 }) {
  const power = (Math.round(slope * 100) / 100 || 0).toFixed(2)
  return Number.isNaN(error) ? power : `${power} ± ${error.toFixed(2)}, r² ${r2.toFixed(2)}`
}

/**
 * A picture of both logarithms, for a terminal and, between fences, for Markdown; lines below 80 columns. `x`, `y`: what the axes
 * count. The costs' axis spans two powers of ten at least, so noise is not drawn as growth.
 */
export function draw(points, { title, x, y }) {
  const shown = positive(points)
  if (shown.length === 0) return [title, 'nothing to draw'].join('\n')
  const across = span(
    shown.map(([size]) => size),
    1,
  )
  const up = span(
    shown.map(([, cost]) => cost),
    2,
  )
  const grid = Array.from({ length: ROWS + 1 }, () => Array.from({ length: COLUMNS + 1 }, () => ' '))
  for (const [size, cost] of shown) grid[ROWS - place(cost, up, ROWS)][place(size, across, COLUMNS)] = '●'
  const labels = new Map(powers(up).map((value) => [ROWS - place(value, up, ROWS), inShort(value)]))
  const lines = grid.map((cells, row) => {
    const label = labels.get(row) ?? ''
    return `${label.padStart(7)} ${label === '' ? '│' : '┤'}${cells.join('')}`.trimEnd()
  })
  const axis = Array.from({ length: COLUMNS + 1 }, () => '─')
  const below = Array.from({ length: COLUMNS + 1 + 7 }, () => ' ')
  for (const value of powers(across)) {
    const at = place(value, across, COLUMNS)
    axis[at] = '┬'
    const text = inShort(value)
    const from = Math.max(0, at - Math.floor(text.length / 2))
    for (const [index, letter] of [...text].entries()) below[from + index] = letter
  }
  const indent = ' '.repeat(8)
  const about = `${y}, by ${x}: cost ~ size ^ ${inWords(exponent(points))}`
  return [title, about, '', ...lines, `${indent}└${axis.join('')}`, `${indent} ${below.join('').trimEnd()}`].join('\n')
}

const positive = (points) => points.filter(([size, cost]) => size > 0 && cost > 0 && Number.isFinite(size + cost))
const mean = (values) => values.reduce((total, value) => total + value, 0) / values.length

/** The powers of ten that hold all values, `least` decades apart at least: more of them on both sides, the upper first. */
function span(values, least) {
  let low = Math.floor(Math.log10(Math.min(...values)) + 1e-9)
  let high = Math.ceil(Math.log10(Math.max(...values)) - 1e-9)
  for (let turn = 0; high - low < least; turn++) {
    if (turn % 2 === 0) high++
    else low--
  }
  return { low, high }
}

function place(value, { low, high }, cells) {
  return Math.round(((Math.log10(value) - low) / (high - low)) * cells)
}

function powers({ low, high }) {
  return Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index))
}

/** At most 6 letters. */
function inShort(value) {
  if (value >= 1e9) return value.toExponential(0)
  if (value >= 1e6) return `${value / 1e6}M`
  if (value >= 1e3) return `${value / 1e3}k`
  return value < 1e-4 ? value.toExponential(0) : String(Number(value.toPrecision(1)))
}
