/** What telemetry costs a CLI of one empty command, beside the floor, the simple form, and others; and what of it arrives. */
import { addCompiledPackage } from './compiled.mjs'
import { bigHosts, BY_ENDPOINT, HOSTS, installPeers, OTHERS, TREES } from './contenders.mjs'
import { besideOthersRows, costTable, endpointRows, hostRows, memoryRows, treeRows } from './hand-off-cost.mjs'
import { benchBurst, benchEnds, benchOutages } from './hand-off-kept.mjs'
import { buildSubreaper, median } from './measure.mjs'
import { inRounds, makeContender, makeWorld } from './world.mjs'

export const name = 'hand-off'

/** On a slow day a group ends when its seconds are over: all benches together are to be done in ten minutes. */
const ROUNDS = {
  hosts: { rounds: 120, seconds: 72 },
  endpoints: { rounds: 30, seconds: 26 },
  trees: { rounds: 32, seconds: 42 },
  medium: { rounds: 40, seconds: 40 },
  large: { rounds: 14, seconds: 48 },
  others: { rounds: 10, seconds: 35 },
}
const QUICK = { hosts: { rounds: 6 }, endpoints: { rounds: 2 }, trees: { rounds: 2 }, medium: { rounds: 2 } }

/** Beside whom the other ones are measured. */
const PARTNERS = new Set(['nothing', 'baseline', 'bare-spawn', 'launched'])

export async function run({ quick, report }) {
  const world = makeWorld()
  try {
    const built = buildSubreaper(world.folder)
    if (built.kind === 'skipped') return report.skip('everything that measures processes', built.why)
    const subreaper = built.program
    const peers = quick ? { kind: 'missing', why: '--quick' } : installed(world, report)
    const others = peers.kind === 'ready' ? peers.peers : []
    const plans = quick ? QUICK : ROUNDS
    /** Contenders of one group, each round one after the other; a group without rounds is left out. */
    const measured = async (group, abouts) => {
      const plan = plans[group]
      if (plan === undefined) return null
      const contenders = []
      for (const about of abouts) contenders.push(await makeContender(world, subreaper, about))
      return inRounds(`hand-off, ${group}`, contenders, plan.rounds, report, plan)
    }
    addCompiledPackage(world)
    const hosts = await measured('hosts', HOSTS)
    const endpoints = await measured('endpoints', BY_ENDPOINT)
    const trees = await measured('trees', TREES)
    const sizes = { medium: [200], large: quick ? [] : [50, 800] }
    const medium = await measured('medium', [0, ...sizes.medium].flatMap(bigHosts))
    const large = await measured('large', [0, ...sizes.large].flatMap(bigHosts))
    const dear = [...OTHERS, ...others]
    const rest = await measured('others', [...TREES.filter(({ id }) => PARTNERS.has(id)), ...dear])
    hostRows(hosts, world, report)
    endpointRows(endpoints, report)
    for (const size of sizes.medium) memoryRows(medium, size, report)
    for (const size of sizes.large) memoryRows(large, size, report)
    treeRows(trees, report)
    if (rest !== null) besideOthersRows(rest, report)
    if (quick) report.skip('hosts of 50 and 800 MB; the watchdog worker; beside the simple form', '--quick')
    const [launched] = TREES.filter(({ id }) => id === 'launched')
    const abouts = quick ? [launched] : [launched, ...dear.filter(({ id }) => id !== 'launched-worker')]
    const parties = { report, world, subreaper, quick }
    await benchBurst({ ...parties, emptyNodeCpuMs: median(trees.nothing.map((one) => one.treeCpuMs)) })
    // Counts, and nearly all of it is waiting: at the same time.
    await Promise.all([benchEnds(abouts, parties), benchOutages(abouts, parties)])
    const inTable = (abouts, runs) => (runs === null ? [] : abouts.map((about) => ({ about, runs })))
    const lines = [
      ...HOSTS.map((about) => ({ about, runs: hosts, ...(about.id in trees && { toTheEnd: trees }) })),
      ...inTable(dear, rest),
      ...inTable(BY_ENDPOINT.slice(1), endpoints),
      ...inTable(sizes.medium.flatMap(bigHosts), medium),
      ...inTable(sizes.large.flatMap(bigHosts), large),
    ]
    costTable(lines, report)
    if (peers.kind === 'missing') report.skip("two published CLIs' telemetry", peers.why)
  } finally {
    await world.leave()
  }
}

function installed(world, report) {
  report.progress("hand-off: installing two published CLIs' telemetry")
  return installPeers(world)
}
