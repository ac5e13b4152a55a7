/**
 * npm run bench [-- NAME...] [--quick] [--write]: every file of this folder that exports `name` and `run({ quick, report })`, each
 * row beside its budget. --write puts the figures into benchmarks.md of docs, with the machine, the date and the method. Exit 0: it ran,
 * whatever the budgets say; 1: a bench broke; 2: wrong usage.
 */
import { readdirSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createReport } from './report.mjs'

const OWN = new Set(['main.mjs'])
const PAGE = join(fileURLToPath(new URL('../../docs', import.meta.url)), 'benchmarks.md')

const words = process.argv.slice(2)
const flags = words.filter((word) => word.startsWith('-'))
const wanted = words.filter((word) => !word.startsWith('-'))
const benches = await findBenches()
const unknown = [
  ...flags.filter((flag) => !['--quick', '--write'].includes(flag)),
  ...wanted.filter((name) => !benches.some((bench) => bench.name === name)),
]
if (unknown.length > 0) {
  console.error(
    `bench: got ${unknown.join(' ')}, wants [${benches.map(({ name }) => name).join(' | ')}] [--quick] [--write]`,
  )
  process.exit(2)
}

const quick = flags.includes('--quick')
const report = createReport()
const method = methodLines()
for (const line of method) console.log(line)
for (const bench of benches) {
  if (wanted.length > 0 && !wanted.includes(bench.name)) continue
  report.heading(bench.name)
  try {
    await bench.run({ quick, report })
  } catch (error) {
    process.exitCode = 1
    report.skip(bench.name, `the bench broke: ${error instanceof Error ? error.message : String(error)}`)
    console.error(error)
  }
  report.endBench()
}
const { met, notMet, skipped } = report.counts
console.log(`\n${met} met, ${notMet} not met, ${skipped} skipped; load average now ${loadavg()[0].toFixed(1)}`)
if (flags.includes('--write')) {
  writeFileSync(PAGE, `# Benchmarks\n\n${method.join('\n')}\n${report.lines.join('\n')}\n`)
  console.log(`written: ${PAGE}`)
}

async function findBenches() {
  const files = readdirSync(new URL('.', import.meta.url)).filter((file) => file.endsWith('.mjs') && !OWN.has(file))
  const modules = await Promise.all(files.sort().map((file) => import(new URL(file, import.meta.url).href)))
  return modules.filter((module) => typeof module.run === 'function' && typeof module.name === 'string')
}

function methodLines() {
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB`
  const load = loadavg()[0]
  return [
    `Machine: ${machine}; ${process.platform} ${release()}; Node ${process.versions.node}. Date: ${new Date().toISOString().slice(0, 10)}.`,
    `Load average at the start: ${load.toFixed(1)}${load > 0.5 ? '. **The machine was busy: figures are provisional.**' : '.'}`,
    `Method: \`npm run bench${words.length > 0 ? ` -- ${words.join(' ')}` : ''}\`; contenders in turns within a round, ratios within a round, medians of those; wall`,
    'time net of waiting for a processor; CPU of every process of the tree; http on loopback.',
  ]
}
