/** What sessions on disk cost, by how many there are: passes of the recovery, and `afterword sessions list`. CPU, each in a fresh process. */
import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { exponent, inWords } from './curve.mjs'
import { keepSessions } from './fill.mjs'
import { median } from './measure.mjs'

const SIZES = [1, 3, 10, 30, 100, 300, 500]
/** Each is looked at, so in proportion; a tenth for what a small share of a fixed cost does to a slope. */
const IN_PROPORTION = 1.1
/** Of the 1 s that a reporter gives the recovery, 20 sessions at a time. */
const PASS_MS = 400
const AFTERWORD = fileURLToPath(new URL('../../bin/afterword.js', import.meta.url))
const start = promisify(execFile)

export async function benchSessionsGrowth({ quick, report, world }) {
  if (process.platform !== 'linux')
    return report.skip('recovery and `sessions list`', `needs Linux, this is ${process.platform}`)
  const place = await makePlace(world)
  const sizes = quick ? [1, 30] : SIZES
  const rounds = quick ? 1 : 2
  const seen = { pass: [], list: [], recover: [], bounded: [] }
  for (const size of sizes) {
    const turns = { pass: [], list: [], recover: [], bounded: [] }
    for (let round = 0; round < rounds; round++) {
      report.progress(`growth, sessions: ${size} on disk, round ${round + 1} of ${rounds}`)
      place.hold({ done: size, left: 0 })
      turns.pass.push((await place.recover('reporter')).cpuMs)
      turns.list.push(await place.list(size))
      place.hold({ done: 0, left: size })
      turns.recover.push(recovered(await place.recover('all'), size).cpuMs)
      place.hold({ done: 0, left: size })
      turns.bounded.push((await place.recover('reporter')).wallMs)
    }
    for (const [what, values] of Object.entries(turns)) seen[what].push([size, median(values)])
  }
  const row = (what, points) => {
    const slope = exponent(points)
    const [size, cost] = points.at(-1)
    const note = `${inWords(slope)}; ${points[0][1].toFixed(1)} ms CPU at 1, ${cost.toFixed(1)} at ${size}`
    report.row({ what, budget: `≤ ${IN_PROPORTION}`, limit: IN_PROPORTION, figure: slope.exponent, note })
    if (points.length > 3)
      report.curve(points, { title: what.replace(': exponent', ''), x: 'sessions on disk', y: 'CPU in ms' })
  }
  row('recovery, a pass over finished sessions: exponent', seen.pass)
  row('recovery of all that were left: exponent', seen.recover)
  row('`afterword sessions list`, the whole program: exponent', seen.list)
  const [size, wallMs] = seen.bounded.at(-1)
  report.row({
    what: `recovery as a reporter does it, ${size} left: wall time`,
    budget: `≤ ${PASS_MS} ms`,
    limit: PASS_MS,
    figure: wallMs,
    unit: ' ms',
    note: 'it claims 20 sessions, or what it can in 1 s',
  })
}

/** A state directory that can be filled with copies of one real session. */
async function makePlace(world) {
  const directory = join(world.homes, 'sessions', '.acme')
  const sessions = join(directory, 'telemetry', 'sessions')
  const program = (name) => join(world.folder, name)
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  await start(process.execPath, [program('one-session.mjs'), directory])
  const [id] = readdirSync(join(sessions, 'done'))
  const from = join(world.homes, id)
  renameSync(join(sessions, 'done', id), from)
  return {
    hold({ done, left }) {
      keepSessions(join(sessions, 'done'), from, done, { left: false })
      keepSessions(join(sessions, 'live'), from, left, { left: true })
    },
    async recover(scope) {
      const { stdout } = await start(process.execPath, [program('recover.mjs'), directory, scope])
      return JSON.parse(stdout)
    },
    /** CPU in ms of listing `wants` sessions. */
    async list(wants) {
      const args = ['--require', program('say-cpu.cjs'), AFTERWORD, 'sessions', 'list', '--directory', directory]
      const { stdout, stderr } = await start(process.execPath, args, { maxBuffer: 2 ** 24 })
      const got = stdout.trim().split('\n').length - 1
      if (got !== wants) throw new Error(`listing sessions: got ${got}, wants ${wants}`)
      return Number(stderr.trim().split('\n').at(-1))
    },
  }
}

function recovered(pass, wants) {
  if (pass.counts.recovered !== wants)
    throw new Error(`recovering sessions: got ${JSON.stringify(pass.counts)}, wants ${wants} recovered`)
  return pass
}
