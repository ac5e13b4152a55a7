/**
 * What a bench says: lines while it runs, rows of budgets, tables, pictures. A bench gets one of these as `report`:
 *
 *   progress(text)                              what is being done, and for how long already; on a terminal one line
 *   row({ what, budget, limit, figure, unit })  met while figure ≤ limit; `atLeast: true` turns it round; without `limit` a figure alone
 *     sure: [low, high]                         between which its median lies with 95 % certainty: whether the verdict could be otherwise
 *     quarters: [low, high], rounds             between which the middle half of so many rounds lies: the row's noise
 *     floor: text                               shown if the budget is not met: what forbids it here
 *     note: text                                shown in any case
 *   skip(what, why)                             a row that could not be measured
 *   line(text)                                  as it is
 *   table(title, heads, rows)                   figures without a budget; printed after the rows
 *   curve(points, { title, x, y })              a picture (curve.mjs); printed after the tables
 */
import { draw } from './curve.mjs'

export function createReport(out = process.stderr, print = console.log) {
  const lines = []
  const tables = []
  const pictures = []
  const missed = []
  const counts = { met: 0, notMet: 0, skipped: 0 }
  const startMs = Date.now()
  let bench = ''
  const say = (line) => {
    if (out.isTTY) out.write('\r\x1b[K')
    print(line)
    lines.push(line)
  }
  return {
    lines,
    counts,
    /** "bench: row: figure, budget", of each that was not met. */
    missed,
    line: say,
    heading(name) {
      bench = name
      say(`\n## ${name}\n`)
      say('| what | budget | figure | 95 % sure | quarters, rounds | |\n|---|---|---|---|---|---|')
    },
    progress(text) {
      const since = `${((Date.now() - startMs) / 1000).toFixed(0)} s`
      out.write(out.isTTY ? `\r\x1b[K${since}  ${text}` : `  ${since}  ${text}\n`)
    },
    row(about) {
      const { what, budget = '', limit, figure, unit = '', note = '', floor = '' } = about
      const verdict = verdictOf(about)
      const seen = Number.isFinite(figure) ? `${round(figure)}${unit}` : 'no figure'
      const near = isNear(about) ? ', within its noise' : ''
      if (verdict === 'met') counts.met++
      else if (verdict !== '') {
        counts.notMet++
        missed.push(`${bench}: ${what}: ${seen}, budget ${budget}${near}`)
      }
      const why = verdict === '' || verdict === 'met' || floor === '' ? '' : `; ${floor}`
      const cells = [
        what,
        limit === undefined ? '' : budget,
        `${seen}${note === '' ? '' : ` (${note})`}`,
        betweenOf(about.sure),
        noiseOf(about),
        `${verdict}${near}${why}`,
      ]
      say(`| ${cells.join(' | ')} |`)
    },
    skip(what, why) {
      counts.skipped++
      say(`| ${what} | | | | | skipped: ${why} |`)
    },
    table(title, heads, rows) {
      tables.push({ title, heads, rows })
    },
    curve(points, about) {
      pictures.push(draw(points, about))
    },
    endBench() {
      for (const { title, heads, rows } of tables.splice(0)) showTable(title, heads, rows)
      for (const picture of pictures.splice(0)) say(`\n\`\`\`text\n${picture}\n\`\`\``)
    },
  }

  function showTable(title, heads, rows) {
    say(`\n${title}\n\n| ${heads.join(' | ')} |\n|${heads.map(() => '---').join('|')}|`)
    for (const cells of rows)
      say(`| ${cells.map((cell) => (typeof cell === 'number' ? round(cell) : cell)).join(' | ')} |`)
    say('')
  }
}

function verdictOf({ limit, figure, atLeast = false }) {
  if (limit === undefined) return ''
  return (atLeast ? figure >= limit : figure <= limit) ? 'met' : '**not met**'
}

/** Another run might say the other thing. */
function isNear({ limit, sure }) {
  return limit !== undefined && sure != null && sure[0] <= limit && limit <= sure[1]
}

function betweenOf(range) {
  return range == null ? '' : `${round(range[0])} .. ${round(range[1])}`
}

function noiseOf({ quarters, rounds }) {
  return quarters === undefined ? '' : `${betweenOf(quarters)}, ${rounds}`
}

function round(figure) {
  if (!Number.isFinite(figure)) return '–'
  return String(Number(figure.toFixed(Math.abs(figure) < 10 ? 3 : 1)))
}
