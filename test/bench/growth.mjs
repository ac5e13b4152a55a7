/** How the costs grow with what they depend on: a curve each, its exponent, its picture. */
import { waitingEvent } from './fill.mjs'
import { benchHostGrowth } from './growth-host.mjs'
import { benchReporterGrowth } from './growth-reporter.mjs'
import { benchSessionsGrowth } from './growth-sessions.mjs'
import { benchTracerGrowth } from './growth-tracer.mjs'
import { buildSubreaper } from './measure.mjs'
import { makeWorld } from './world.mjs'

export const name = 'growth'

export async function run({ quick, report }) {
  const world = makeWorld()
  try {
    const built = buildSubreaper(world.folder)
    if (built.kind === 'skipped') report.skip('host and reporter, by what waits', built.why)
    else {
      const template = await waitingEvent(world, built.program)
      await benchHostGrowth({ quick, report, world, subreaper: built.program, template })
      await benchReporterGrowth({ quick, report, world, subreaper: built.program, template })
    }
    await benchSessionsGrowth({ quick, report, world })
    await benchTracerGrowth({ quick, report, world })
  } finally {
    await world.leave()
  }
}
