/** What telemetry costs a CLI of one empty command, beside the floor, the simple form, and others; and what of it arrives. */
import { bigContenders, CONTENDERS, installPeers, isByEndpoint, isTight } from './contenders.mjs'
import { besideOthersRows, costTable, endpointRows, memoryRows, reporterRows, tightRows } from './hand-off-cost.mjs'
import { benchBurst, benchEnds, benchOutages } from './hand-off-kept.mjs'
import { buildSubreaper, median } from './measure.mjs'
import { inRounds, makeContender, makeWorld } from './world.mjs'

export const name = 'hand-off'

/** What only tells more about the rest; --quick has no time for it. */
const NOT_QUICK = new Set(['launched-worker', 'launched-healthy', 'launched-slow', 'launched-hole', 'in-process'])

/** Of the tight ones: beside whom the rest is measured, and those that differ by their endpoint. */
const PARTNERS = new Set(['nothing', 'baseline', 'alive', 'bare-spawn', 'launched'])
const FLOORS = new Set(['baseline', 'bare-spawn'])

export async function run({ quick, report }) {
  const world = makeWorld()
  try {
    const built = buildSubreaper(world.folder)
    if (built.kind === 'skipped') return report.skip('everything that measures processes', built.why)
    const subreaper = built.program
    const peers = quick ? { kind: 'missing', why: '--quick' } : installed(world, report)
    const sizes = quick ? [200] : [50, 200, 800]
    const ours = quick ? CONTENDERS.filter(({ id }) => !NOT_QUICK.has(id)) : CONTENDERS
    const others = peers.kind === 'ready' ? peers.peers : []
    const contenders = []
    for (const about of [...ours, ...others, ...sizes.flatMap(bigContenders)])
      contenders.push(await makeContender(world, subreaper, about))
    const tight = await inRounds('hand-off, budgets', contenders.filter(isTight), quick ? 2 : 40, report)
    const endpoint = contenders.filter((each) => isByEndpoint(each) || FLOORS.has(each.id))
    const ends = await inRounds('hand-off, endpoints', endpoint, quick ? 1 : 24, report)
    const rest = contenders.filter((each) => PARTNERS.has(each.id) || !(isTight(each) || isByEndpoint(each)))
    const runs = await inRounds('hand-off, the rest', rest, quick ? 1 : 12, report)
    tightRows(tight, world, report)
    endpointRows(ends, report)
    for (const size of sizes) memoryRows(runs, size, report)
    reporterRows(tight, report)
    besideOthersRows(runs, report)
    if (quick)
      report.skip('hosts of 50 and 800 MB; wall with a slow endpoint, a black hole; the watchdog worker', '--quick')
    const abouts = contenders.filter(({ id }) =>
      (quick ? ['launched'] : ['launched', 'naive', 'in-process', ...others.map((peer) => peer.id)]).includes(id),
    )
    const parties = { report, world, subreaper, quick }
    await benchBurst({ ...parties, emptyNodeCpuMs: median(tight.nothing.map((one) => one.treeCpuMs)) })
    // Counts, and nearly all of it is waiting: at the same time.
    await Promise.all([benchEnds(abouts, parties), benchOutages(abouts, parties)])
    costTable(contenders, (each) => (isTight(each) ? tight : isByEndpoint(each) ? ends : runs), report)
    if (peers.kind === 'missing') report.skip("two published CLIs' telemetry", peers.why)
  } finally {
    await world.leave()
  }
}

function installed(world, report) {
  report.progress("hand-off: installing two published CLIs' telemetry")
  return installPeers(world)
}
