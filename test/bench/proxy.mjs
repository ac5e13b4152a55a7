/** What one hop costs a CDP client: direct, socat (a splice in C), Node's own pipes, ours, and a pump of the ws package. In turns. */
import { startBrowser, startHop, cpuMs, NO_SOCAT, peakMb } from './hops.mjs'
import { median, quantile, shuffled, spreadOf } from './measure.mjs'
import { benchPage } from './proxy-page.mjs'
import { download, openClient, roundTrips, upload } from './wire.mjs'

export const name = 'proxy'

const KINDS = ['direct', 'socat', 'net', 'afterword', 'ws']
/** Whom no budget is measured by is not in it. */
const QUICK_KINDS = KINDS.filter((kind) => kind !== 'ws')
const LABELS = {
  direct: 'direct',
  socat: 'socat, a splice in C',
  net: "Node's net, piped",
  afterword: 'afterword',
  ws: 'a pump of ws, deflate off',
}
const LARGE_BYTES = 95 * 2 ** 20
const SMALL_BYTES = 200
/** With far fewer each turn begins on cold caches, which cost a hop in JavaScript more than one in C. */
const TRIPS_A_TURN = 250
/** With a shorter warm-up a busy machine has not yet compiled what is measured. */
const TRIPS = { warmUp: 20_000, rounds: 26, turns: 6 }
const QUICK_TRIPS = { warmUp: 8_000, rounds: 10, turns: 2 }

export async function run({ quick, report }) {
  const kinds = (quick ? QUICK_KINDS : KINDS).filter((kind) => kind !== 'socat' || NO_SOCAT === null)
  const browser = await startBrowser()
  const hops = {}
  try {
    for (const kind of kinds) hops[kind] = await startHop(kind, browser.port)
    report.progress(`proxy: round trips through ${kinds.length} hops`)
    const trips = await tripsInRounds(hops, quick ? QUICK_TRIPS : TRIPS)
    tripRows(trips, report)
    report.progress('proxy: floods of small messages, both ways')
    const floods = await floodsInRounds(hops, quick ? { rounds: 2, count: 60_000 } : { rounds: 7, count: 300_000 })
    floodRows(floods, report)
    report.progress('proxy: messages of 95 MiB, both ways')
    const large = await largeInTurns(quick ? ['afterword'] : kinds, browser.port, quick ? 1 : 2)
    memoryRows(large, report)
    hopTable(kinds, { trips, floods, large }, report)
  } finally {
    for (const hop of Object.values(hops)) hop.stop()
    browser.stop()
  }
  if (quick) report.skip('20 MB through page.evaluate; a pump of ws', '--quick')
  else await benchPage(report)
}

/**
 * Kind → round → microseconds of each trip, on one connection a hop. Within a round the hops take turns of a few trips each, in an
 * order drawn anew, so what the machine does beside it hits them all alike.
 */
async function tripsInRounds(hops, { warmUp, rounds, turns }) {
  const kinds = Object.keys(hops)
  const clients = {}
  for (const kind of kinds) clients[kind] = await openClient(hops[kind].port)
  // At the same time: they wait for each other's answers as for their own, and nothing is measured yet.
  await Promise.all(kinds.map(async (kind) => roundTrips(clients[kind], warmUp)))
  const seen = Object.fromEntries(kinds.map((kind) => [kind, Array.from({ length: rounds }, () => [])]))
  for (let turn = 0; turn < rounds * turns; turn++)
    for (const kind of shuffled(kinds))
      seen[kind][Math.floor(turn / turns)].push(...(await roundTrips(clients[kind], TRIPS_A_TURN)))
  for (const { socket } of Object.values(clients)) socket.destroy()
  return seen
}

/** Of each round what a hop adds to the direct way, in microseconds, at that share of its trips. */
function added(trips, kind, share) {
  return trips[kind].map((times, round) => quantile(times, share) - quantile(trips.direct[round], share))
}

function tripRows(trips, report) {
  const what = "added round trip p50, of socat's"
  if (trips.socat === undefined) return report.skip(what, NO_SOCAT)
  const [ours, theirs] = [added(trips, 'afterword', 0.5), added(trips, 'socat', 0.5)]
  const ratios = ours.map((us, round) => us / theirs[round])
  const quiet = median(added(trips, 'afterword', 0.25)) / median(added(trips, 'socat', 0.25))
  const note = `+ ${median(ours).toFixed(1)} µs against + ${median(theirs).toFixed(1)} µs; ${quiet.toFixed(2)} × at p25`
  const piped = added(trips, 'net', 0.5).map((us, round) => us / theirs[round])
  const floor = `the floor here: Node's own pipe, ${median(piped).toFixed(2)} ×`
  report.row({ what, budget: '≤ 1.15 ×', limit: 1.15, unit: ' ×', note, floor, ...spreadOf(ratios) })
}

/** Kind → direction → messages a second, and CPU of the hop in µs a message, of each round. */
async function floodsInRounds(hops, { rounds, count }) {
  const seen = Object.fromEntries(Object.keys(hops).map((kind) => [kind, { down: [], up: [], cpuUs: [] }]))
  for (let round = 0; round <= rounds; round++)
    for (const kind of shuffled(Object.keys(hops))) {
      const { port, pid } = hops[kind]
      const messages = kind === 'ws' ? count / 10 : count
      const client = await openClient(port)
      const before = pid === 0 ? 0 : cpuMs(pid)
      const down = messages / (await download(client, messages, SMALL_BYTES))
      const up = messages / (await upload(client, messages, SMALL_BYTES))
      const cpuUs = pid === 0 ? 0 : ((cpuMs(pid) - before) * 1_000) / (2 * messages)
      client.socket.destroy()
      if (round === 0) continue // compiled code
      seen[kind].down.push(down)
      seen[kind].up.push(up)
      seen[kind].cpuUs.push(cpuUs)
    }
  return seen
}

function floodRows({ afterword }, report) {
  for (const [direction, seen] of [
    ['to the client', afterword.down],
    ['to the browser', afterword.up],
  ])
    report.row({
      what: `messages of ${SMALL_BYTES} B, ${direction}`,
      budget: '≥ 1 M/s',
      limit: 1,
      atLeast: true,
      unit: ' M/s',
      ...spreadOf(seen.map((each) => each / 1e6)),
    })
}

/** Kind → direction → MB a second and the hop's peak memory. A hop of its own for each: a peak does not go away. */
async function largeInTurns(kinds, port, count) {
  const seen = {}
  for (const kind of kinds) {
    seen[kind] = {}
    for (const [direction, move] of [
      ['down', download],
      ['up', upload],
    ]) {
      const hop = await startHop(kind, port)
      const client = await openClient(hop.port)
      const seconds = await move(client, count, LARGE_BYTES)
      const peak = hop.pid === 0 || kind === 'socat' ? Number.NaN : peakMb(hop.pid)
      seen[kind][direction] = { mbPerSecond: (count * LARGE_BYTES) / 1e6 / seconds, peak }
      client.socket.destroy()
      hop.stop()
    }
  }
  return seen
}

function memoryRows({ afterword }, report) {
  for (const [direction, { peak }] of [
    ['to the client', afterword.down],
    ['to the browser', afterword.up],
  ])
    report.row({
      what: `peak memory, messages of 95 MiB ${direction}`,
      budget: '≤ 64 MB',
      limit: 64,
      figure: peak,
      unit: ' MB',
    })
}

function hopTable(kinds, { trips, floods, large }, report) {
  const heads = [
    'hop',
    'p50 µs',
    'added p50',
    'added p99',
    'M messages/s down',
    'up',
    'CPU µs a message',
    '95 MiB: MB/s down',
    'up',
    'peak MB down',
    'up',
  ]
  const rows = kinds.map((kind) => {
    const { down, up } = large[kind] ?? {}
    return [
      LABELS[kind],
      median(trips[kind].map((times) => median(times))),
      median(added(trips, kind, 0.5)),
      median(added(trips, kind, 0.99)),
      median(floods[kind].down) / 1e6,
      median(floods[kind].up) / 1e6,
      kind === 'direct' ? Number.NaN : median(floods[kind].cpuUs),
      down?.mbPerSecond ?? Number.NaN,
      up?.mbPerSecond ?? Number.NaN,
      down?.peak ?? Number.NaN,
      up?.peak ?? Number.NaN,
    ]
  })
  report.table('Medians over the rounds; "added": above the direct way of the same round.', heads, rows)
}
