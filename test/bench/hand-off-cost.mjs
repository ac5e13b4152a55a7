/** From the runs of the hand-off to its rows: each budget's ratio, and the floor that was measured beside it. */
import { readFileSync, statSync } from 'node:fs'
import { inPairs, median, quantile, spreadOf } from './measure.mjs'

const wall = (left, right) => left.wallMs / right.wallMs
const inTimes = (figure) => `${figure.toFixed(2)} ×`

/** Rows of the form "≤ N ×". `floor`: [of whom, his ratio in each round]; without runs of his it is left out. */
function ratioRows(report) {
  return (what, limit, ratios, floor) => {
    if (ratios === null) return
    const seen =
      floor === undefined || floor[1] === null ? '' : `the floor here: ${floor[0]}, ${inTimes(median(floor[1]))}`
    report.row({ what, budget: `≤ ${limit} ×`, limit, unit: ' ×', ...spreadOf(ratios), floor: seen })
  }
}

/** Null if one of them was not run. */
function pairs(left, right, of) {
  return left === undefined || right === undefined ? null : inPairs(left, right, of)
}

export function hostRows(runs, world, report) {
  const { baseline, launched } = runs
  const row = ratioRows(report)
  const of = (id) => pairs(runs[id], baseline, wall)
  const again = of('baseline-again')
  report.row({ what: 'noise: the empty package beside itself', unit: ' ×', ...spreadOf(again) })
  const compiled = inTimes(median(of('alive-compiled')))
  const byHand = [`the same compiled already, ${compiled}; its file operations by hand`, of('by-hand')]
  const spawn = ['a detached spawn of an empty program', of('bare-spawn')]
  row('host, telemetry off', 1.06, of('off'), ['importing it, and no more', of('imports')])
  row('host, recorded, a reporter alive, ESM', 1.15, of('alive'), byHand)
  row('host, recorded, a reporter alive, CommonJS', 1.2, pairs(runs['alive-cjs'], runs['baseline-cjs'], wall), byHand)
  row('host, recorded and launched', 1.5, of('launched'), spawn)
  const byHandSpawn = ['those operations and a spawn by hand', pairs(runs['by-hand-post'], runs['bare-spawn'], wall)]
  row(
    'host, recorded and launched, of a detached empty spawn',
    1.2,
    pairs(launched, runs['bare-spawn'], wall),
    byHandSpawn,
  )
  bundleRow(runs, world, report)
}

export function endpointRows(runs, report) {
  const row = ratioRows(report)
  const of = (id) => pairs(runs[id], runs.baseline, wall)
  const healthy = of('launched-healthy')
  report.row({ what: 'host, launched, endpoint healthy, beside the next', unit: ' ×', ...spreadOf(healthy) })
  const floor = ['the same with a healthy endpoint', healthy]
  row('host, launched, endpoint down', 1.6, of('launched-down'), floor)
  row('host, launched, endpoint silent', 1.6, of('launched-silent'), floor)
  row('host, launched, endpoint a black hole', 1.6, of('launched-black-hole'), floor)
  row('host, launched, endpoint slow', 1.6, of('launched-slow'), floor)
}

function addedCpuRow({ baseline, launched, ...runs }, report) {
  const added = (left) => inPairs(left, baseline, (one, base) => one.treeCpuMs - base.treeCpuMs)
  const [ours, theirs, byHand] = [added(launched), added(runs['bare-spawn']), added(runs['by-hand-post'])]
  const ofTheirs = (values) => values.map((ms, round) => ms / theirs[round])
  report.row({
    what: "host, recorded and launched: added CPU of the tree, of that spawn's",
    budget: '≤ 2.2 ×',
    limit: 2.2,
    unit: ' ×',
    ...spreadOf(ofTheirs(ours)),
    note: `${median(ours).toFixed(1)} ms against ${median(theirs).toFixed(1)} ms`,
    floor: `the floor here: one event by hand over node:http, ${inTimes(median(ofTheirs(byHand)))}`,
  })
}

/** One file, nothing imported statically. */
function bundleRow(runs, { packages }, report) {
  const file = `${packages}/afterword/dist/index.js`
  const imports = readFileSync(file, 'utf8').match(/^\s*(import|export)\b[^(]*?from\s*['"]/gm)?.length ?? 0
  const offMs = median(inPairs(runs.off, runs.baseline, (left, right) => left.wallMs - right.wallMs))
  report.row({
    what: "`import 'afterword'`: the bundle",
    budget: '≤ 25 kB',
    limit: 25,
    figure: statSync(file).size / 1000,
    unit: ' kB',
    note: `${imports} static imports`,
    floor: `loaded and switched off it costs ${offMs.toFixed(1)} ms here`,
  })
}

/** Sizes with a budget. */
const LARGE_MB = 200

/** `runs`: also of the four without that memory. Counted from when the host has its memory: filling it varies by more than all of this. */
export function memoryRows(runs, size, report) {
  const of = (id, megabytes = size) => runs[`${id}-${megabytes}`]
  const addedMs = (id, megabytes) =>
    inPairs(of(id, megabytes), of('baseline', megabytes), (left, right) => left.sinceReadyMs - right.sinceReadyMs)
  const beyond = (left, right) => left.map((ms, round) => ms - right[round])
  const [launchMs, spawnMs, aliveMs, smallMs] = [
    addedMs('launched'),
    addedMs('bare-spawn'),
    addedMs('alive'),
    addedMs('alive', 0),
  ]
  const [low, high] = spreadOf(of('baseline').map(({ sinceReadyMs }) => sinceReadyMs)).quarters
  const variesMs = high - low
  const inMs = (values) => `${median(values) < 0 ? '-' : '+'} ${Math.abs(median(values)).toFixed(1)} ms`
  report.row({
    what: `host of ${size} MB, launched, above a bare spawn there`,
    ...(size < LARGE_MB ? {} : { budget: '≤ 5 ms', limit: 5 }),
    unit: ' ms',
    ...spreadOf(beyond(launchMs, spawnMs)),
    note: `${inMs(launchMs)} against ${inMs(spawnMs)}`,
    floor: `the floor here: the same without that memory, ${inMs(beyond(addedMs('launched', 0), addedMs('bare-spawn', 0)))}`,
  })
  report.row({
    what: `host of ${size} MB, a reporter alive, above a small one`,
    ...(size < LARGE_MB ? {} : { budget: '≤ 2 ms, which is noise', limit: 2 }),
    unit: ' ms',
    ...spreadOf(beyond(aliveMs, smallMs)),
    note: `${inMs(aliveMs)} against ${inMs(smallMs)}`,
    floor: `the floor here: noise, the empty package there varies by ${variesMs.toFixed(1)} ms between its quarters`,
  })
}

const reporterCpu = (left, right) => left.leftCpuMs / right.treeCpuMs
const reporterPeak = (left, right) => left.leftPeakKb / right.hostPeakKb

/** The reporter's side. Its floor is a Node that posts one event and does nothing else. */
export function treeRows(runs, report) {
  const { nothing, launched } = runs
  addedCpuRow(runs, report)
  const row = ratioRows(report)
  const byHand = (of) => ['one event by hand over node:http', pairs(runs['by-hand-post'], nothing, of)]
  row('reporter CPU, one event, of an empty Node', 2.5, pairs(launched, nothing, reporterCpu), byHand(reporterCpu))
  row('reporter peak memory, of an empty Node', 1.3, pairs(launched, nothing, reporterPeak), byHand(reporterPeak))
  const arrival = (left, right) => left.arrivalMs / right.wallMs
  row(
    "event at the server after the exit, of an empty Node's life",
    2.5,
    pairs(launched, nothing, arrival),
    byHand(arrival),
  )
}

/** `runs`: also of an empty Node, a bare spawn and a launch, in the same rounds. */
export function besideOthersRows(runs, report) {
  const { nothing, launched, naive } = runs
  const row = ratioRows(report)
  const bare = (of) => ['a detached Node that does nothing', pairs(runs['bare-spawn'], nothing, of)]
  const worker = runs['launched-worker']
  row(
    'reporter CPU with the watchdog worker, of an empty Node',
    3.8,
    pairs(worker, nothing, reporterCpu),
    bare(reporterCpu),
  )
  row('reporter peak memory with it', 1.65, pairs(worker, nothing, reporterPeak), bare(reporterPeak))
  const left = (one, other) => one.leftCpuMs / other.leftCpuMs
  const ofNaive = ['a detached Node that does nothing', pairs(runs['bare-spawn'], naive, left)]
  row("reporter CPU, of the naive child's with unbundled posthog-node", 0.3, pairs(launched, naive, left), ofNaive)
}

/** `lines`: a contender each, the runs of its group, and those to the end of what it leaves, if they are others. */
export function costTable(lines, report) {
  const rows = lines.map(({ about: { id, label, base }, runs, toTheEnd = runs }) => {
    const added = inPairs(runs[id], runs[base], (left, right) => left.wallMs - right.wallMs)
    const mid = (of) => median(runs[id].map(of))
    const ended = toTheEnd[id]
    const ofEnded = (of) => median(ended.map(of))
    const arrival = ofEnded((one) => one.arrivalMs)
    return [
      label,
      mid((one) => one.wallMs),
      median(added),
      `${quantile(added, 0.25).toFixed(1)} .. ${quantile(added, 0.75).toFixed(1)}`,
      median(inPairs(runs[id], runs[base], wall)),
      mid((one) => one.hostCpuMs),
      ofEnded((one) => one.leftCpuMs),
      mid((one) => one.hostPeakKb / 1024),
      ofEnded((one) => one.leftPeakKb / 1024),
      arrival,
      Number.isNaN(arrival) ? '–' : `${ended.filter((one) => one.arrivals.length > 0).length}/${ended.length}`,
    ]
  })
  const heads = [
    'contender',
    'wall ms',
    'added ms',
    'quarters',
    '× its baseline',
    'host CPU ms',
    'left CPU ms',
    'host peak MiB',
    'left peak MiB',
    'arrival after exit ms',
    'delivered/made',
  ]
  report.table(
    'Medians. "Left": what the host did not wait for; its peak is never below the host\'s size at the fork. Rows of an endpoint: what is left ' +
      'is killed after 100 ms; of hosts with memory: at once.',
    heads,
    rows,
  )
}
