/** What telemetry costs a CLI of one empty command, beside the floor, the simple form, and others. */
import { statSync } from 'node:fs'
import { bigContenders, CONTENDERS, installPeers } from './contenders.mjs'
import { benchBurst, benchKept, benchOutages } from './hand-off-kept.mjs'
import { buildSubreaper, median, paired, quantile } from './measure.mjs'
import { inRounds, makeContender, makeWorld } from './world.mjs'

export const name = 'hand-off'

export async function run({ quick, report }) {
  const world = makeWorld()
  try {
    bundleRow(world, report)
    const built = buildSubreaper(world.folder)
    if (built.kind === 'skipped') return report.skip('everything that measures processes', built.why)
    const peers = quick ? { kind: 'missing', why: '--quick' } : installed(world, report)
    const sizes = quick ? [200] : [200, 800]
    const about = [...CONTENDERS, ...(peers.kind === 'ready' ? peers.peers : []), ...sizes.flatMap(bigContenders)]
    const contenders = []
    for (const one of about) contenders.push(await makeContender(world, built.program, one))
    const runs = await inRounds('hand-off', contenders, quick ? 7 : 20, report)
    costRows(runs, report)
    for (const size of sizes) bigRows(runs, size, report)
    const by = (id) => contenders.find((one) => one.id === id)
    await benchBurst(by('launched'), median(runs.nothing.map((one) => one.treeCpuMs)), report)
    await benchKept([by('launched'), by('naive'), by('in-process')], report)
    if (quick) report.skip('kept through outages; left over 11 s after', '--quick')
    else await benchOutages([by('launched'), by('naive')], report)
    costTable(contenders, runs, report)
    if (peers.kind === 'missing') report.skip("two published CLIs' telemetry", peers.why)
    for (const one of contenders) await one.endpoint.close()
  } finally {
    world.leave()
  }
}

function installed(world, report) {
  report.progress("hand-off: installing two published CLIs' telemetry")
  return installPeers(world)
}

const wall = (left, right) => left.wallMs / right.wallMs

function costRows(runs, report) {
  const { baseline, nothing, launched, naive } = runs
  const ratio = (what, limit, left, right, of = wall) =>
    report.row({ what, budget: `≤ ${limit} ×`, limit, figure: paired(left, right, of), unit: ' ×' })
  ratio('host, telemetry off', 1.06, runs.off, baseline)
  ratio('host, recorded, a reporter alive, ESM', 1.15, runs.alive, baseline)
  ratio('host, recorded, a reporter alive, CommonJS', 1.2, runs['alive-cjs'], runs['baseline-cjs'])
  ratio('host, recorded and launched', 1.5, launched, baseline)
  ratio('the same, against a detached empty spawn', 1.2, launched, runs['bare-spawn'])
  const spawnCpuMs = paired(runs['bare-spawn'], baseline, (left, right) => left.treeCpuMs - right.treeCpuMs)
  const addedCpuMs = paired(launched, baseline, (left, right) => left.treeCpuMs - right.treeCpuMs)
  const note = `${addedCpuMs.toFixed(1)} ms against ${spawnCpuMs.toFixed(1)} ms`
  const figure = addedCpuMs / spawnCpuMs
  report.row({
    what: "added CPU of the tree, of that spawn's",
    budget: '≤ 2.2 ×',
    limit: 2.2,
    figure,
    unit: ' ×',
    note,
  })
  ratio('host, launched, endpoint down', 1.6, runs['launched-down'], baseline)
  ratio('host, launched, endpoint silent', 1.6, runs['launched-silent'], baseline)
  ratio('reporter CPU, of an empty Node', 2.5, launched, nothing, (left, right) => left.leftCpuMs / right.treeCpuMs)
  ratio("reporter CPU, of the naive child's", 0.3, launched, naive, (left, right) => left.leftCpuMs / right.leftCpuMs)
  ratio(
    'reporter peak memory, of an empty Node',
    1.3,
    launched,
    nothing,
    (left, right) => left.leftPeakKb / right.hostPeakKb,
  )
  ratio(
    "at the server after the exit, of an empty Node's life",
    2.5,
    launched,
    nothing,
    (left, right) => left.arrivalMs / right.wallMs,
  )
}

function bigRows(runs, size, report) {
  const baseline = runs[`baseline-${size}`]
  const added = (id) => paired(runs[`${id}-${size}`], baseline, (left, right) => left.wallMs - right.wallMs)
  const spawnMs = added('bare-spawn')
  const launchMs = added('launched')
  const aliveMs = added('alive')
  const smallMs = paired(runs.alive, runs.baseline, (left, right) => left.wallMs - right.wallMs)
  const what = `host of ${size} MB`
  report.row({
    what: `${what}, launched, above a bare spawn there`,
    budget: '≤ 5 ms',
    limit: 5,
    figure: launchMs - spawnMs,
    unit: ' ms',
    note: `+ ${launchMs.toFixed(1)} against + ${spawnMs.toFixed(1)} ms`,
  })
  report.row({
    what: `${what}, a reporter alive, above a small one`,
    budget: '≤ 2 ms',
    limit: 2,
    figure: aliveMs - smallMs,
    unit: ' ms',
    note: '2 ms: what two medians differ by here',
  })
}

/** The one budget that needs no process. */
function bundleRow({ packages }, report) {
  const { size } = statSync(`${packages}/afterword/dist/index.js`)
  report.row({
    what: "`import 'afterword'`, the bundle",
    budget: '≤ 25 kB',
    limit: 25,
    figure: size / 1000,
    unit: ' kB',
  })
}

function costTable(contenders, runs, report) {
  const rows = contenders.map(({ id, label }) => {
    const base =
      runs[
        /-\d+$/.test(id) ? id.replace(/^.*-(\d+)$/, 'baseline-$1') : id.endsWith('-cjs') ? 'baseline-cjs' : 'baseline'
      ]
    const added = runs[id].map((one, round) => one.wallMs - base[round].wallMs)
    const mid = (of) => median(runs[id].map(of))
    const arrival = mid((one) => one.arrivalMs)
    const made = `${runs[id].filter((one) => one.arrivals.length > 0).length}/${runs[id].length}`
    return [
      label,
      mid((one) => one.wallMs),
      median(added),
      `${quantile(added, 0.25).toFixed(1)} .. ${quantile(added, 0.75).toFixed(1)}`,
      paired(runs[id], base, wall),
      mid((one) => one.hostCpuMs),
      mid((one) => one.leftCpuMs),
      mid((one) => one.hostPeakKb / 1024),
      mid((one) => one.leftPeakKb / 1024),
      arrival,
      Number.isNaN(arrival) ? '–' : made,
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
    'arrived in',
  ]
  report.table(
    'Medians. "Left": what the host did not wait for; its peak is never below the host\'s size at the fork.',
    heads,
    rows,
  )
}
