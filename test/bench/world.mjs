/** Where the contenders run: a temporary folder with their programs, the built package, an empty one, and a home for each. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statfsSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startEndpoint } from './endpoint.mjs'
import { measure, shuffled } from './measure.mjs'

/** docs/reporter.md, `lockStaleMs`. */
const LOCK_STALE_MS = 12_000

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export function makeWorld() {
  if (!existsSync(join(ROOT, 'dist/index.js'))) throw new Error('benching the package: no dist, wants `npm run build`')
  const folder = mkdtempSync(join(tmpdir(), 'afterword-bench-'))
  const packages = join(folder, 'node_modules')
  const homes = homesFolder(folder)
  cpSync(join(ROOT, 'test/programs/bench'), folder, { recursive: true })
  cpSync(join(folder, 'empty-package'), join(packages, 'empty-package'), { recursive: true })
  // Copies, not links: Node warns about require() of an ES module outside node_modules, and that costs.
  for (const part of ['package.json', 'dist'])
    cpSync(join(ROOT, part), join(packages, 'afterword', part), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules/posthog-node'), join(packages, 'posthog-node'))
  const endpoints = new Set()
  const remove = () => {
    for (const path of [homes, folder]) rmSync(path, { recursive: true, force: true, maxRetries: 5 })
  }
  process.on('exit', remove) // somebody interrupts us
  /** Also after a bench that broke: nothing of it listens, and no file is left. */
  const leave = async () => {
    for (const endpoint of endpoints) await endpoint.close()
    remove()
    process.off('exit', remove)
  }
  return { folder, packages, homes, endpoints, leave }
}

const MEMORY = '/dev/shm'
/** Two homes of 1,000 files, and 500 sessions. A container often has 64 MiB. */
const HOMES_BYTES = 256 * 2 ** 20

/**
 * In memory where there is room: ext4 looks for a new file's inode the longer the more files were deleted near it in the last
 * minutes (0.03 to 0.1 ms; 0.6 after the thousands that a bench deletes), and that is neither a contender's cost nor the same for all.
 */
function homesFolder(folder) {
  try {
    const { bavail, bsize } = statfsSync(MEMORY)
    if (bavail * bsize >= HOMES_BYTES) return mkdtempSync(join(MEMORY, 'afterword-bench-'))
  } catch {
    // no such place, or not ours to write
  }
  const homes = join(folder, 'homes')
  mkdirSync(homes)
  return homes
}

/**
 * One contender: `act` runs it once, in its own home, against its own endpoint; `command` is what is run. Settings: `variables`, `script`,
 * `argument`, `preload`, `afterMs`, `limitMs`; `asItIs` leaves the home as the run before left it.
 */
export async function makeContender(world, subreaper, about) {
  const home = mkdtempSync(join(world.homes, `${about.id}-`)) // nobody else's: two in one would count each other's events
  const endpoint = await startEndpoint()
  world.endpoints.add(endpoint)
  const command = ({ variables = {}, script = about.script, preload = about.preload ?? false, argument }) => {
    const env = {
      PATH: process.env.PATH,
      HOME: home,
      TMPDIR: home,
      ENDPOINT: endpoint.url,
      MEDUSA_TELEMETRY_HOST: endpoint.url,
      ...about.variables,
      ...variables,
    }
    const args = [...(preload ? ['--require', join(world.folder, 'on-command.cjs')] : []), join(world.folder, script)]
    if (argument !== undefined) args.push(join(world.folder, argument))
    return { args, env, cwd: world.folder }
  }
  const act = async (settings = {}) => {
    const { afterMs = about.afterMs, limitMs } = settings
    if (settings.asItIs !== true) about.before?.(home)
    endpoint.take()
    const run = await measure(subreaper, { ...command(settings), afterMs, limitMs })
    const arrivals = endpoint.take()
    const arrivalMs = arrivals.length === 0 ? Number.NaN : Number(arrivals[0].atNs - run.exitNs) / 1e6
    return { ...run, arrivals, arrivalMs }
  }
  return { ...about, home, endpoint, command, act }
}

/**
 * Contender → its runs, one a round, in turns. Round 0 warms up: first use, caches, compiled code (`warm: false` leaves it out). Throws if
 * one of them fails. Ends with the round in which `seconds` are over, but not before a third of them is done.
 * Who follows a dear one finds a warm or a busy machine, so the order is drawn anew for each round.
 */
export async function inRounds(
  title,
  contenders,
  rounds,
  report,
  { warm = true, seconds = Number.POSITIVE_INFINITY } = {},
) {
  const endMs = Date.now() + seconds * 1_000
  const runs = Object.fromEntries(contenders.map(({ id }) => [id, []]))
  for (const { endpoint, mode } of contenders) if (mode !== undefined) await endpoint.become(mode)
  for (let round = warm ? 0 : 1; round <= rounds; round++) {
    report.progress(`${title}: round ${round} of ${rounds}, ${contenders.length} contenders`)
    for (const contender of shuffled(contenders)) {
      const result = await contender.act()
      if (result.status !== 0)
        throw new Error(`${contender.id}: ended with ${result.status}, wants 0: ${result.stderr}`)
      if (round > 0) runs[contender.id].push(result)
    }
    if (round >= rounds / 3 && Date.now() > endMs) break
  }
  return runs
}

/** afterword's own files of a home; docs/spool.md. */
export const telemetry = (home) => join(home, '.acme/telemetry')

/** As if no reporter had run. What waits stays: a host does not look at it (growth-host.mjs). */
export function forgetReporter(home) {
  for (const name of ['reporter.lock', 'backoff.json']) rmSync(join(telemetry(home), name), { force: true })
}

/** As if a reporter were at work: what a command sees of it is a fresh lock. */
export function pretendReporter(home) {
  mkdirSync(telemetry(home), { recursive: true })
  writeFileSync(join(telemetry(home), 'reporter.lock'), '{"token":"bench"}\n')
}

/** As after earlier commands. */
export function pretendUsed(home) {
  for (const name of ['pending', 'in-flight']) mkdirSync(join(telemetry(home), name), { recursive: true })
  const usage = { anon_id: '3d6f2a80-5a3b-4b44-9a0c-1f1f5ff3a6a1', linked_principal_id: null }
  writeFileSync(join(home, '.acme/usage.json'), `${JSON.stringify(usage, null, 2)}\n`)
}

/** No reporter, and nothing that waits. */
export function clearSpool(home) {
  forgetReporter(home)
  for (const name of ['pending', 'in-flight']) emptyFolder(join(telemetry(home), name))
}

export function forgetBackoff(home) {
  rmSync(join(telemetry(home), 'backoff.json'), { force: true })
}

/** As if the lock of a reporter that was killed had become stale. */
export function ageLock(home) {
  const lock = join(telemetry(home), 'reporter.lock')
  const long = new Date(Date.now() - LOCK_STALE_MS - 1_000)
  if (existsSync(lock)) utimesSync(lock, long, long)
}

export function emptyFolder(folder) {
  if (existsSync(folder))
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true, force: true })
}
