/**
 * What a bench says: lines while it runs, rows of budgets, tables. A bench gets one of these as `report`:
 *
 *   progress(text)                              what is being done; one line on a terminal, nothing in a file
 *   row({ what, budget, limit, figure, unit })  met while figure ≤ limit; `atLeast: true` turns it round; `note` follows
 *   skip(what, why)                             a row that could not be measured
 *   line(text)                                  as it is
 *   table(title, heads, rows)                   figures without a budget; printed after the rows
 */
export function createReport(out = process.stderr) {
  const lines = []
  const tables = []
  const counts = { met: 0, notMet: 0, skipped: 0 }
  const say = (line) => {
    if (out.isTTY) out.write('\r\x1b[K')
    console.log(line)
    lines.push(line)
  }
  return {
    lines,
    counts,
    line: say,
    heading(name) {
      say(`\n## ${name}\n`)
      say('| what | budget | figure | |\n|---|---|---|---|')
    },
    progress(text) {
      out.write(out.isTTY ? `\r\x1b[K${text}` : `  ${text}\n`)
    },
    row({ what, budget, limit, figure, unit = '', atLeast = false, note = '' }) {
      const isMet = atLeast ? figure >= limit : figure <= limit
      counts[isMet ? 'met' : 'notMet']++
      const seen = Number.isFinite(figure) ? `${round(figure)}${unit}` : 'no figure'
      say(`| ${what} | ${budget} | ${seen}${note === '' ? '' : ` (${note})`} | ${isMet ? 'met' : '**not met**'} |`)
    },
    skip(what, why) {
      counts.skipped++
      say(`| ${what} | | | skipped: ${why} |`)
    },
    table(title, heads, rows) {
      tables.push({ title, heads, rows })
    },
    endBench() {
      for (const { title, heads, rows } of tables.splice(0)) showTable(title, heads, rows)
    },
  }

  function showTable(title, heads, rows) {
    say(`\n${title}\n\n| ${heads.join(' | ')} |\n|${heads.map(() => '---').join('|')}|`)
    for (const cells of rows)
      say(`| ${cells.map((cell) => (typeof cell === 'number' ? round(cell) : cell)).join(' | ')} |`)
    say('')
  }
}

function round(figure) {
  if (!Number.isFinite(figure)) return '–'
  return String(Number(figure.toFixed(Math.abs(figure) < 10 ? 3 : 1)))
}
