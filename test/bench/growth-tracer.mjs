/** What tracing costs, by its rate and by the size of the tree. CPU, each in a process of its own; all of them at the same time. */
import { exponent, inWords } from './curve.mjs'
import { growTree, shareOf } from './traced.mjs'

const RATES = [1, 3, 10, 30, 100]
const TREES = [1, 3, 10, 30, 100]
const TREE_HZ = 10
const IN_PROPORTION = 1.1

export async function benchTracerGrowth({ quick, report, world }) {
  if (process.platform !== 'linux')
    return report.skip('tracing, by rate and tree', `needs Linux, this is ${process.platform}`)
  const length = quick ? { settleS: 1, seconds: 1 } : { settleS: 10, seconds: 10 }
  report.progress(
    `growth, tracer: ${length.settleS + length.seconds} s at ${RATES.join(', ')} Hz, and of ${TREES.join(', ')} processes`,
  )
  const trees = []
  try {
    for (const count of TREES) trees.push(await growTree(count))
    const rates = RATES.map(async (hz) => {
      const { share, rate } = await shareOf(world, { pid: trees[0].pid, hz, ...length })
      return [rate, share * 100]
    })
    const sizes = TREES.map(async (count, index) => {
      const { share, rate } = await shareOf(world, { pid: trees[index].pid, hz: TREE_HZ, ...length })
      return [count, (share * 1e6) / rate]
    })
    showRow(report, await Promise.all(rates), {
      what: 'tracing one process, by rate: exponent',
      x: 'rows a second',
      y: '% of a core',
      unit: '%',
    })
    showRow(report, await Promise.all(sizes), {
      what: `tracing a tree at ${TREE_HZ} Hz, by processes: exponent`,
      x: 'processes',
      y: 'CPU in µs for each row',
      unit: 'µs a row',
    })
  } finally {
    for (const tree of trees) tree.end()
  }
}

function showRow(report, points, { what, x, y, unit }) {
  const slope = exponent(points)
  const [size, cost] = points.at(-1)
  const [[least, first]] = points
  const note = `${inWords(slope)}; ${first.toFixed(2)} ${unit} at ${Math.round(least)}, ${cost.toFixed(2)} at ${Math.round(size)}`
  report.row({ what, budget: `≤ ${IN_PROPORTION}`, limit: IN_PROPORTION, figure: slope.exponent, note })
  report.curve(points, { title: what.replace(': exponent', ''), x, y })
}
