/** A reporter's cost, by how many events wait: real launches, a fast endpoint, all of it delivered. */
import { join } from 'node:path'
import { exponent, inWords } from './curve.mjs'
import { keepFiles } from './fill.mjs'
import { median } from './measure.mjs'
import { clearSpool, inRounds, makeContender, telemetry } from './world.mjs'

const SIZES = [1, 3, 10, 30, 100, 300, 1000]

export async function benchReporterGrowth({ quick, report, world, subreaper, template }) {
  const contenders = []
  for (const size of quick ? [1, 1000] : SIZES) {
    const before = (home) => {
      clearSpool(home)
      keepFiles(join(telemetry(home), 'pending'), template, size - 1) // and the command's own
    }
    contenders.push(
      await makeContender(world, subreaper, { id: `drains ${size}`, size, script: 'tracked.mjs', before }),
    )
  }
  const runs = await inRounds('growth, reporter', contenders, quick ? 1 : 3, report, { warm: !quick })
  const seen = contenders.map(({ id, size }) => {
    const arrived = Math.min(...runs[id].map(({ arrivals }) => new Set(arrivals.map((one) => one.id)).size))
    const cpuMs = median(runs[id].map(({ leftCpuMs }) => leftCpuMs))
    return { size, arrived, cpuMs, peakMb: median(runs[id].map(({ leftPeakKb }) => leftPeakKb)) / 1024 }
  })
  const [least, most] = [seen[0], seen.at(-1)]
  report.row({
    what: 'reporter: arrived of 1,000 that wait',
    budget: 'all',
    limit: 1000,
    figure: most.arrived,
    atLeast: true,
  })
  const perEvent = seen.map(({ size, cpuMs }) => [size, cpuMs / size])
  report.row({
    what: 'reporter: CPU per event, by events that wait: exponent',
    budget: '≤ 0',
    limit: 0,
    figure: exponent(perEvent).exponent,
    note: `${inWords(exponent(perEvent))}; ${(most.cpuMs / most.size).toFixed(2)} ms an event at 1,000`,
  })
  const added = seen.slice(1).map(({ size, cpuMs }) => [size - 1, cpuMs - least.cpuMs])
  const beyond = runs[contenders.at(-1).id].map((run) => ((run.leftCpuMs - least.cpuMs) / (most.size - 1)) * 1e3)
  if (added.length < 3) report.skip('reporter: CPU beyond the first event', '--quick')
  else
    report.row({
      what: 'reporter: CPU beyond the first event, by events that wait: exponent',
      budget: '≤ 1.1',
      limit: 1.1,
      figure: exponent(added).exponent,
      note: `${inWords(exponent(added))}; ${median(beyond).toFixed(0)} µs for each further event, ${beyond.length} rounds`,
    })
  report.row({
    what: 'reporter: peak memory with 1,000 events, of that with one',
    figure: most.peakMb / least.peakMb,
    unit: ' ×',
    note: `${least.peakMb.toFixed(0)} and ${most.peakMb.toFixed(0)} MiB`,
  })
  report.curve(perEvent, { title: 'Reporter, one run', x: 'events that wait', y: 'CPU in ms for each event' })
}
