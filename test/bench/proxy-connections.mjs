/** What a message and a connection cost a proxy that has 1 to 1,000 of them open. Used in turns, one trip at a time. */
import { exponent, inWords } from './curve.mjs'
import { cpuMs, residentMb, startBrowser, startHop } from './hops.mjs'
import { median } from './measure.mjs'
import { openClient, roundTrip } from './wire.mjs'

export const name = 'proxy-connections'

const TRIPS_A_TURN = 100
/** More at a time would overflow the queue of connections that wait for their accept(). */
const OPENED_AT_ONCE = 50
/** Flat, but for caches and noise: a tenth more for each doubling would be 0.14. */
const FLAT = 0.15

export async function run({ quick, report }) {
  const sizes = quick ? [1, 10, 100] : [1, 10, 100, 300, 1_000]
  const turns = quick ? 25 : 40
  const browser = await startBrowser()
  const crowds = []
  try {
    for (const size of sizes) {
      report.progress(`proxy-connections: opening ${size}`)
      crowds.push(await gather(size, browser.port))
    }
    report.progress(`proxy-connections: ${turns} turns of ${TRIPS_A_TURN} trips for each size, direct and proxied`)
    for (const crowd of crowds) await trips(crowd.proxied, 10 * TRIPS_A_TURN) // compiled code
    for (let turn = 0; turn < turns; turn++) for (const crowd of crowds) await measureTurn(crowd)
  } finally {
    for (const { hop } of crowds) hop.stop()
    browser.stop()
  }
  show(crowds, report)
}

/** A proxy of its own with so many connections, and as many without it: what those cost the two ends is not the proxy's. */
async function gather(size, port) {
  const hop = await startHop('afterword', port)
  const proxied = { clients: [], next: 0 }
  await open(proxied, hop.port, 1)
  await trips(proxied, 10 * TRIPS_A_TURN) // compiled code is no connection's
  const beforeMb = residentMb(hop.pid)
  await open(proxied, hop.port, size)
  const memoryKb = ((residentMb(hop.pid) - beforeMb) * 1_000) / (size - 1)
  const direct = { clients: [], next: 0 }
  await open(direct, port, size)
  return { size, hop, proxied, direct, memoryKb, seen: { cpuUs: [], directUs: [], proxiedUs: [] } }
}

async function open(crowd, port, size) {
  while (crowd.clients.length < size) {
    const count = Math.min(OPENED_AT_ONCE, size - crowd.clients.length)
    crowd.clients.push(...(await Promise.all(Array.from({ length: count }, () => openClient(port)))))
  }
}

/** Each on the next connection. */
async function trips(crowd, count) {
  const times = []
  for (let trip = 0; trip < count; trip++)
    times.push(await roundTrip(crowd.clients[crowd.next++ % crowd.clients.length]))
  return times
}

async function measureTurn({ hop, proxied, direct, seen }) {
  seen.directUs.push(...(await trips(direct, TRIPS_A_TURN)))
  const before = cpuMs(hop.pid)
  seen.proxiedUs.push(...(await trips(proxied, TRIPS_A_TURN)))
  seen.cpuUs.push(((cpuMs(hop.pid) - before) * 1_000) / (2 * TRIPS_A_TURN))
}

function show(crowds, report) {
  const of = (figure) => crowds.map((crowd) => [crowd.size, figure(crowd)])
  const curves = [
    { y: 'CPU of the proxy, µs a message', points: of(({ seen }) => median(seen.cpuUs)) },
    { y: 'added round trip p50, µs', points: of(({ seen }) => median(seen.proxiedUs) - median(seen.directUs)) },
    { y: 'memory of the proxy, kB a connection', points: of(({ memoryKb }) => memoryKb).slice(1) },
  ]
  for (const { y, points } of curves) {
    const [from, to] = [points[0], points.at(-1)]
    const note = `${inWords(exponent(points))}; ${from[1].toFixed(1)} at ${from[0]}, ${to[1].toFixed(1)} at ${to[0]}`
    report.row({
      what: `${y}, by connections: exponent`,
      budget: `≤ ${FLAT}`,
      limit: FLAT,
      figure: exponent(points).exponent,
      note,
    })
    report.curve(points, { title: y.split(',')[0], x: 'connections', y })
  }
}
