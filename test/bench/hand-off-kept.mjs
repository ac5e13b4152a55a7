/** What arrives, whatever ends the host or ails the endpoint; what is left over; and 200 commands at once. Counts: what runs beside does not matter. */
import { spawnSync } from 'node:child_process'
import { ageLock, clearSpool, forgetBackoff, makeContender } from './world.mjs'

const WIDTH = 16

export async function benchBurst({ report, world, subreaper, quick, emptyNodeCpuMs }) {
  const count = quick ? 80 : 200
  report.progress(`hand-off: ${count} commands, ${WIDTH} at a time`)
  const about = { id: 'burst', script: 'burst.mjs', before: clearSpool }
  const contender = await makeContender(world, subreaper, about)
  await contender.act({ argument: 'tracked.mjs', variables: { COUNT: '1', WIDTH: '1' } }) // the first use
  const variables = { COUNT: String(count), WIDTH: String(WIDTH) }
  const run = await contender.act({ argument: 'tracked.mjs', variables })
  const once = new Set(run.arrivals.map(({ id }) => id)).size
  const what = `${count} commands, ${WIDTH} at a time`
  const twice = run.arrivals.length - once
  report.row({ what: `${what}: reporters`, budget: '≤ 2', limit: 2, figure: run.leftProcesses })
  report.row({ what: `${what}: arrived`, budget: `${count} of ${count}`, limit: count, figure: once, atLeast: true })
  report.row({ what: `${what}: arrived twice`, budget: 'none', limit: 0, figure: twice })
  report.row({
    what: `${what}: reporter CPU per event, of an empty Node`,
    budget: '≤ 0.05 ×',
    limit: 0.05,
    figure: run.leftCpuMs / count / emptyNodeCpuMs,
    unit: ' ×',
    note: `${(run.leftCpuMs / count).toFixed(2)} ms`,
    floor: `the floor here: one empty Node for all of them, ${1 / count} ×`,
  })
}

const IN_TERMINAL = 'terminal hang-up'
const PRELOADED = { preload: true }
const ENDS = {
  return: PRELOADED,
  'process.exit': { ...PRELOADED, variables: { END: 'exit' } },
  SIGKILL: { ...PRELOADED, variables: { END: 'kill' } },
  'Ctrl-C to the group': { ...PRELOADED, variables: { END: 'interrupt' } },
  [IN_TERMINAL]: { script: 'in-terminal.mjs', variables: { END: 'hang-up' } },
}
const MADE = 2

/** Every contender, every end, right after the command. */
export async function benchEnds(abouts, { report, ...parties }) {
  const lacks = spawnSync('script', ['--version'], { stdio: 'ignore' }).error !== undefined
  if (lacks) report.skip(`kept: ${IN_TERMINAL}`, 'no script on the PATH')
  const possible = Object.entries(ENDS).filter(([end]) => end !== IN_TERMINAL || !lacks)
  const ends = possible.map(([end, settings]) => ({
    title: end,
    budget: `kept: ${end}`,
    made: MADE,
    async act({ about, act }) {
      const run = async () => act({ ...settings, ...(settings.script && { argument: about.script }) })
      const runs = [await run(), await run()]
      return { arrived: countIds(runs) }
    },
  }))
  const title = 'Arrived of made, by how the host ends right after its command.'
  await benchCases({ title, cases: ends, abouts, report, ...parties })
}

const OUTAGES = ['slow', 'down', 500, 503, 'silent', 'black hole']
/** Reporters wait 6 s for these: --quick has no time for them. */
const LONG_OUTAGES = new Set(['silent', 'black hole'])
/** The promise: the box of 10 s, and a second for everything else. */
const LEFT_MS = 11_000

/** Commands while the endpoint is away, one when it is back and the back-off past. And a reporter that is killed at its work. */
export async function benchOutages(abouts, { report, quick, ...parties }) {
  const modes = quick ? OUTAGES.filter((mode) => !LONG_OUTAGES.has(mode)) : OUTAGES
  if (quick) report.skip(`kept: endpoint ${[...LONG_OUTAGES].join(', ')}`, '--quick')
  const away = modes.map((mode) => ({
    title: String(mode),
    budget: `kept: endpoint ${mode}`,
    made: 3,
    async act({ home, endpoint, act }) {
      await endpoint.become(mode)
      const runs = [await act(IMPATIENT), await act(IMPATIENT)]
      await endpoint.become('fast')
      forgetBackoff(home)
      return { arrived: countIds([...runs, await act(AS_IT_IS)]), ...leftOver(runs) }
    },
  }))
  const killed = {
    title: 'reporter killed',
    budget: 'kept: reporter killed',
    made: 3,
    async act({ home, endpoint, act }) {
      await endpoint.become('silent')
      const runs = []
      for (let turn = 0; turn < 2; turn++) {
        runs.push(await act({ ...IMPATIENT, afterMs: 400 }))
        ageLock(home)
        forgetBackoff(home)
      }
      await endpoint.become('fast')
      return { arrived: countIds([...runs, await act(AS_IT_IS)]) }
    },
  }
  const title =
    'Arrived of made, by what the endpoint did; how long the host lived, if that was over a second; how long something was left over.'
  const ours = quick ? abouts.slice(0, 1) : abouts
  const results = await benchCases({ title, cases: [...away, killed], abouts: ours, report, ...parties })
  const leftMs = Math.max(...results.map(({ leftMs = 0 }) => leftMs))
  report.row({
    what: 'left over after the last command, whatever ails the endpoint',
    budget: `nothing ${LEFT_MS / 1000} s later`,
    limit: LEFT_MS / 1000,
    figure: leftMs / 1000,
    unit: ' s',
    note: `${results.reduce((sum, { toKill = 0 }) => sum + toKill, 0)} had to be killed`,
  })
}

const AS_IT_IS = { asItIs: true }
/** Nobody waits longer for a command that has nothing to do: Ctrl-C. */
const IMPATIENT = { ...AS_IT_IS, limitMs: 15_000 }

/** All contenders in all cases, several at a time, each in a home of its own. The first contender's are rows; returns his results. */
async function benchCases({ title, cases, abouts, report, world, subreaper }) {
  const todo = abouts.flatMap((about) => cases.map((one) => ({ about, one })))
  const results = new Map(abouts.map(({ id }) => [id, []]))
  let begun = 0
  const work = async () => {
    while (begun < todo.length) {
      const { about, one } = todo[begun++]
      report.progress(`hand-off: ${about.label}, ${one.title} (${begun} of ${todo.length})`)
      const id = `${about.id}, ${one.title}`
      const contender = await makeContender(world, subreaper, { ...about, id, mode: undefined })
      const result = await one.act({ ...contender, about })
      await contender.endpoint.close()
      results.get(about.id)[cases.indexOf(one)] = result
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, work))
  const [first] = abouts
  for (const [index, { budget, made }] of cases.entries()) {
    const { arrived } = results.get(first.id)[index]
    report.row({ what: budget, budget: 'all', limit: made, figure: arrived, atLeast: true, note: `of ${made}` })
  }
  const rows = abouts.map(({ id, label }) => [
    label,
    ...cases.map(({ made }, index) => inWords(results.get(id)[index], made)),
  ])
  report.table(title, ['contender', ...cases.map((one) => one.title)], rows)
  return results.get(first.id)
}

const AT_A_TIME = 14

function inWords({ arrived, leftMs, hostMs, toKill }, made) {
  if (leftMs === undefined) return `${arrived}/${made}`
  const held = hostMs > 1000 ? `, host ${(hostMs / 1000).toFixed(1)} s` : ''
  return `${arrived}/${made}${held}, left ${(leftMs / 1000).toFixed(1)} s${toKill > 0 ? ' (killed)' : ''}`
}

/** At least once is allowed: the uuid says that it is the same. */
function countIds(runs) {
  return new Set(runs.flatMap(({ arrivals }) => arrivals.map(({ id }) => id))).size
}

/** How long after its host's exit the last process of a run was gone, at most; how many the bench had to kill; and for how long the slowest host lived. */
function leftOver(runs) {
  const ms = runs.map(({ lastExitNs, exitNs }) => (lastExitNs - Number(exitNs)) / 1e6)
  const hostMs = Math.max(...runs.map(({ wallMs }) => wallMs))
  return { leftMs: Math.max(0, ...ms), hostMs, toKill: runs.reduce((sum, { killed }) => sum + killed, 0) }
}
