/**
 * npm run bench [-- NAME...] [--quick] [--write]: each row beside its budget. A bench is a file of this folder that exports `name` and
 * `run({ quick, report })`. --write puts the figures into benchmarks.md of docs, with the machine, the date, the method and
 * tried-and-dropped.md. Exit 0: it ran, whatever the budgets say; 1: a bench broke; 2: wrong usage.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { endMeasuring } from './measure.mjs'
import { createReport } from './report.mjs'

/** Of the page. Others follow. */
const ORDER = ['hand-off', 'tracer', 'proxy', 'growth']
/** Written by hand: what no run of this program can say. */
const TRIED = fileURLToPath(new URL('tried-and-dropped.md', import.meta.url))
const PAGE = join(fileURLToPath(new URL('../../docs', import.meta.url)), 'benchmarks.md')

const METHOD = [
  'Contenders run in turns, a round after the other. A ratio is taken within a round, between neighbours in time; a figure is the median of',
  'those, "95 % sure" is where their true median lies in 95 of 100 runs (by ranks), and "quarters" are what the middle half of them lies',
  'between. A verdict is "within its noise" when the budget lies in that 95 %: another run may say the other thing. Wall time is net of the time',
  "in which the main thread was ready and had no processor (`schedstat`). CPU is every process's of the tree, also of those that detached: a",
  'subreaper waits for each. Homes are in memory (tmpfs) where there is room: a new file costs there what it does on a quiet ext4.',
  '`size ^ e`: how a cost grows, by least squares through the logarithms; 0 does not grow, 1 grows in proportion.',
]

const words = process.argv.slice(2)
const flags = words.filter((word) => word.startsWith('-'))
const wanted = words.filter((word) => !word.startsWith('-'))
const benches = await findBenches()
const unknown = [
  // A page with some of the benches would lose the others.
  ...(wanted.length > 0 && flags.includes('--write') ? ['--write with a name'] : []),
  ...flags.filter((flag) => !['--quick', '--write'].includes(flag)),
  ...wanted.filter((name) => !benches.some((bench) => bench.name === name)),
]
if (unknown.length > 0) {
  console.error(
    `bench: got ${unknown.join(' ')}, wants [${benches.map(({ name }) => name).join(' | ')}] [--quick]; or all, and [--write]`,
  )
  process.exit(2)
}

// What was made for a bench is taken away on 'exit'.
for (const [signal, number] of Object.entries({ SIGINT: 2, SIGTERM: 15, SIGHUP: 1 }))
  process.on(signal, () => void endMeasuring().then(() => process.exit(128 + number)))

const quick = flags.includes('--quick')
const startMs = Date.now()
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
const summary = summaryLines()
for (const line of summary) console.log(line)
if (flags.includes('--write')) {
  const parts = [['# Benchmarks', ''], method, summary, report.lines, ['', readFileSync(TRIED, 'utf8').trim()]]
  writeFileSync(
    PAGE,
    `${parts
      .flat()
      .join('\n')
      .replaceAll(/\n{3,}/g, '\n\n')}\n`,
  )
  console.log(`written: ${PAGE}`)
}

function summaryLines() {
  const { met, notMet, skipped } = report.counts
  const seconds = Math.round((Date.now() - startMs) / 1000)
  return [
    '',
    `${met} met, ${notMet} not met, ${skipped} skipped; ${seconds} s; load average at the end ${loadavg()[0].toFixed(1)}.`,
    ...report.missed.map((what, index) => `${index === 0 ? '\nNot met:\n\n' : ''}- ${what}`),
  ]
}

/** By their text, before anything is imported: some files of this folder are programs. */
async function findBenches() {
  const here = fileURLToPath(new URL('.', import.meta.url))
  const files = readdirSync(here).filter((file) => file.endsWith('.mjs'))
  const found = files.sort().map(async (file) => {
    const text = readFileSync(join(here, file), 'utf8')
    return /^export async function run\b/m.test(text) ? import(new URL(file, import.meta.url).href) : null
  })
  const inOrder = ({ name }) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length)
  return (await Promise.all(found)).filter((bench) => bench !== null).sort((a, b) => inOrder(a) - inOrder(b))
}

function methodLines() {
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GiB`
  const load = loadavg()[0]
  return [
    `Made by \`npm run bench${words.length > 0 ? ` -- ${words.join(' ')}` : ''}\`, ${new Date().toISOString().slice(0, 10)}, on ${machine}; ` +
      `${process.platform} ${release()}; Node ${process.versions.node}; http on loopback. Load average at the start: ` +
      `${load.toFixed(1)}${load > 0.5 ? '. **The machine was busy: figures are provisional.**' : '.'}`,
    '',
    ...METHOD,
  ]
}
