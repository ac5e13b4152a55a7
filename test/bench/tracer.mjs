/** What a look at a process costs, beside a C program that keeps its descriptors, readFileSync, pidusage and ps; and what tracing costs. CPU. */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import pidusage from 'pidusage'
import { compile, cpuOf, inPairs, median, spreadOf } from './measure.mjs'
import { growTree, shareOf } from './traced.mjs'
import { makeWorld } from './world.mjs'

export const name = 'tracer'

/** Five files and the number of descriptors: look.c reads the same. */
const FILES = ['stat', 'status', 'io', 'oom_score', 'wchan']

export async function run({ quick, report }) {
  if (process.platform !== 'linux') return report.skip('tracing', `needs Linux, this is ${process.platform}`)
  const world = makeWorld()
  const one = await growTree(1)
  const fifty = await growTree(50)
  try {
    await lookRows({ quick, report, world, pid: one.pid })
    await rateRows({ quick, report, world, one: one.pid, fifty: fifty.pid })
  } finally {
    one.end()
    fifty.end()
    await world.leave()
  }
}

async function lookRows({ quick, report, world, pid }) {
  const built = compile(world.folder, 'look')
  if (built.kind === 'skipped') return report.skip('one standard snapshot, of a C program', built.why)
  const { ways, close } = await waysToLook(pid, built.program, quick ? 1000 : 3000)
  const seen = Object.fromEntries(Object.keys(ways).map((way) => [way, []]))
  for (let looks = 0; looks < 3; looks++) for (const look of Object.values(ways).slice(1, 3)) await look() // until it is compiled
  const rounds = quick ? 3 : 15
  for (let round = 0; round <= rounds; round++) {
    report.progress(`tracer: looks at one process, round ${round} of ${rounds}`)
    for (const [way, look] of Object.entries(ways)) {
      const us = await look()
      if (round > 0) seen[way].push(us)
    }
  }
  close()
  const [floor, standard, whole] = Object.values(seen)
  const ratios = (values) => inPairs(values, floor, (left, right) => left / right)
  const note = `${median(standard).toFixed(1)} against ${median(floor).toFixed(1)} µs`
  const budget = { budget: '≤ 2 ×', limit: 2, unit: ' ×' }
  const what = 'one standard snapshot of one process, of a C program that keeps its descriptors'
  report.row({ what, ...budget, ...spreadOf(ratios(standard)), note, floor: 'the floor here: C, 1 ×' })
  report.row({
    what: 'a whole row with its tree and clocks, of the same',
    unit: ' ×',
    ...spreadOf(ratios(whole)),
    note: `${median(whole).toFixed(1)} µs`,
  })
  const rows = Object.entries(seen).map(([way, values]) => {
    const { figure, quarters } = spreadOf(values)
    return [way, figure, quarters.map((us) => us.toFixed(1)).join(' .. '), median(ratios(values))]
  })
  report.table(`One look at one process: medians of ${rounds} rounds.`, ['by', 'CPU µs', 'quarters', '× C'], rows)
}

/** Name → one round: CPU in µs for a look. The floor first, then what a row takes, then the whole row. */
async function waysToLook(pid, floor, looks) {
  const { openProcessReader } = await import('../../dist/tracer/process-reader.js')
  const { holdProcess } = await import('../../dist/tracer/procfs/held-process.js')
  const { openSampler } = await import('../../dist/tracer/sampler.js')
  const { REAL_SEAMS } = await import('../../dist/tracer/tracing-seams.js')
  const held = holdProcess(pid)
  const reader = openProcessReader(held)
  const sampler = openSampler(held, REAL_SEAMS)
  const read = () => {
    for (const file of FILES) fs.readFileSync(`/proc/${pid}/${file}`, 'latin1')
    fs.readdirSync(`/proc/${pid}/fd`)
  }
  const ps = () => execFileSync('ps', ['-o', 'stat,rss,time,comm', '-p', String(pid)])
  const ways = {
    'C, descriptors kept': () => Number(execFileSync(floor, [String(pid), String(looks)], { encoding: 'utf8' })),
    'afterword, the same columns': () => cpuOf(looks, () => reader.read()),
    'afterword, a whole row with tree and clocks': () => cpuOf(looks, () => sampler.sample(null)),
    'readFileSync and readdirSync': () => cpuOf(looks / 5, read),
    'pidusage 4.0.1, which reads `stat` alone': () => cpuOf(looks / 5, () => pidusage(pid)),
    'ps -p': () => cpuOf(10, ps),
  }
  const close = () => {
    for (const one of [reader, sampler, held]) one.close()
  }
  return { ways, close }
}

const BUDGETS = [
  { what: 'tracing one process at 1 Hz', processes: 'one', hz: 1, limit: 0.1, copies: 3 },
  { what: 'tracing 50 processes at 10 Hz', processes: 'fifty', hz: 10, limit: 2.5, copies: 1 },
]

/** Gross: with the event loop and its timer, whose share alone is beside it. All at the same time; it is CPU that is counted. */
async function rateRows({ quick, report, world, ...pids }) {
  const length = quick ? { settleS: 1, seconds: 2 } : { settleS: 18, seconds: 10 }
  report.progress(`tracer: ${length.settleS + length.seconds} s of tracing`)
  const times = async (copies, about) =>
    Promise.all(Array.from({ length: quick ? 1 : copies }, () => shareOf(world, { ...about, ...length })))
  const measured = await Promise.all(
    BUDGETS.map(async ({ processes, hz, copies }) =>
      Promise.all([times(copies, { pid: pids[processes], hz }), times(copies, { pid: 0, hz })]),
    ),
  )
  for (const [index, { what, limit, hz }] of BUDGETS.entries()) {
    const [traced, timers] = measured[index]
    const mid = (runs, of) => median(runs.map(of))
    // A busy machine gives fewer rows; what is asked for is the cost of all of them.
    const share = ({ share, rate }) => share * 100 * Math.max(1, hz / rate)
    const settleMs = (run) => run.settleMs
    report.row({
      what: `${what}, of a core`,
      budget: `≤ ${limit} %`,
      limit,
      unit: ' %',
      ...spreadOf(traced.map(share)),
      note:
        `${mid(traced, ({ rate }) => rate).toFixed(1)} rows a second; a timer of that rate alone ${mid(timers, share).toFixed(3)} %; the ${length.settleS} s before ` +
        `${mid(traced, settleMs).toFixed(0)} and ${mid(timers, settleMs).toFixed(0)} ms`,
      floor: `a timer of that rate alone takes ${mid(timers, share).toFixed(3)} %`,
    })
  }
}
