/** What arrives, whatever ends the host or ails the endpoint; and 200 commands at once. */
import { clearSpool, forgetBackoff } from './world.mjs'

const COUNT = 200
const WIDTH = 16

export async function benchBurst(contender, emptyNodeCpuMs, report) {
  report.progress(`hand-off: ${COUNT} commands, ${WIDTH} at a time`)
  const variables = { COUNT: String(COUNT), WIDTH: String(WIDTH) }
  const run = await contender.act({ script: 'burst.mjs', argument: 'tracked.mjs', variables })
  const once = new Set(run.arrivals.map(({ id }) => id)).size
  const what = `${COUNT} commands, ${WIDTH} at a time`
  const twice = run.arrivals.length - once
  report.row({ what: `${what}: reporters`, budget: '≤ 2', limit: 2, figure: run.leftProcesses })
  report.row({ what: `${what}: arrived`, budget: `${COUNT} of ${COUNT}`, limit: COUNT, figure: once, atLeast: true })
  report.row({ what: `${what}: arrived twice`, budget: 'none', limit: 0, figure: twice })
  const figure = run.leftCpuMs / COUNT / emptyNodeCpuMs
  report.row({
    what: `${what}: reporter CPU per event, of an empty Node`,
    budget: '≤ 0.05 ×',
    limit: 0.05,
    figure,
    unit: ' ×',
  })
}

const ENDS = { return: undefined, 'process.exit': 'exit', SIGKILL: 'kill', 'Ctrl-C to the group': 'interrupt' }
const MADE = 2

/** Every contender, every end. Only the first one's figures are ours to meet. */
export async function benchKept(contenders, report) {
  const rows = []
  for (const [index, contender] of contenders.entries()) {
    const cells = []
    for (const [how, end] of Object.entries(ENDS)) {
      report.progress(`hand-off: ${contender.id} ends by ${how}`)
      let arrived = 0
      for (let made = 0; made < MADE; made++) {
        const variables = end === undefined ? {} : { END: end }
        arrived += (await contender.act({ preload: true, variables })).arrivals.length
      }
      cells.push(`${arrived}/${MADE}`)
      if (index === 0)
        report.row({
          what: `kept: ${how}`,
          budget: 'all',
          limit: MADE,
          figure: arrived,
          atLeast: true,
          note: `of ${MADE}`,
        })
    }
    rows.push([contender.label, ...cells])
  }
  report.table(
    'Arrived of made, by how the host ends right after its command.',
    ['contender', ...Object.keys(ENDS)],
    rows,
  )
}

const OUTAGES = ['down', 500, 503, 'silent']

/** Two commands while the endpoint is away, one when it is back (and the back-off past): three events. */
export async function benchOutages(contenders, report) {
  const rows = []
  for (const [index, contender] of contenders.entries()) {
    const cells = []
    for (const mode of OUTAGES) {
      report.progress(`hand-off: ${contender.id}, endpoint ${mode}`)
      clearSpool(contender.home)
      const { arrived, leftForMs, killed } = await outage(contender, mode)
      cells.push(`${arrived}/3, ${(leftForMs / 1000).toFixed(1)} s`)
      if (index > 0) continue
      report.row({
        what: `kept: endpoint ${mode}`,
        budget: 'all',
        limit: 3,
        figure: arrived,
        atLeast: true,
        note: 'of 3',
      })
      if (mode === 'silent')
        report.row({
          what: 'the last process is gone after, endpoint silent',
          budget: '≤ 11 s',
          limit: 11,
          figure: leftForMs / 1000,
          unit: ' s',
          note: `${killed} had to be killed`,
        })
    }
    rows.push([contender.label, ...cells])
  }
  report.table(
    'Arrived of made, and how long something was left over, by what the endpoint did.',
    ['contender', ...OUTAGES.map(String)],
    rows,
  )
}

async function outage(contender, mode) {
  await contender.endpoint.become(mode)
  const away = [await contender.act({ asItIs: true }), await contender.act({ asItIs: true })]
  await contender.endpoint.become('fast')
  forgetBackoff(contender.home)
  const back = await contender.act({ asItIs: true })
  const ids = new Set([...away, back].flatMap(({ arrivals }) => arrivals.map(({ id }) => id)))
  const leftForMs = Math.max(...away.map(({ lastExitNs, exitNs }) => lastExitNs - Number(exitNs))) / 1e6
  return { arrived: ids.size, leftForMs, killed: away.reduce((sum, { killed }) => sum + killed, 0) }
}
