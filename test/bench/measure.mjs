/** One run of a program and everything it leaves behind, by the wall clock, the CPU and the peak memory. Linux, and a C compiler. */
import { execFile, execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const LIMIT_MS = 60_000
const run = promisify(execFile)
/** What the subreapers at work will have said. */
const running = new Set()
let isEnded = false

/** Compiles the subreaper into `folder`. Returns its path, or why there is none. */
export function buildSubreaper(folder) {
  return compile(folder, 'subreaper')
}

/** Compiles one C file of this folder into `folder`: `{ kind: 'ready', program }`, or `{ kind: 'skipped', why }`. */
export function compile(folder, name) {
  if (process.platform !== 'linux') return { kind: 'skipped', why: `needs Linux, this is ${process.platform}` }
  const program = join(folder, name)
  const source = fileURLToPath(new URL(`${name}.c`, import.meta.url))
  try {
    execFileSync('cc', ['-O2', '-Wall', '-o', program, source], { stdio: ['ignore', 'ignore', 'pipe'] })
    return { kind: 'ready', program }
  } catch (error) {
    const why = error.code === 'ENOENT' ? 'no cc on the PATH' : `cc: ${String(error.stderr ?? error.message).trim()}`
    return { kind: 'skipped', why }
  }
}

/**
 * `wallMs` is the host's, net of waiting for a processor. `leftCpuMs`, `leftPeakKb`: of what the host did not wait for itself.
 * `leftProcesses`: those of them that reached Node's size. `exitNs`: process.hrtime of the host's end. `status`: 128 + a signal's number.
 * `sinceReadyMs`: the part of `wallMs` after the host's line `ready HRTIME QUEUED_NS`, if it has said one.
 */
export async function measure(subreaper, { args, env, cwd, afterMs = 15_000, limitMs = LIMIT_MS }) {
  const words = [String(afterMs), String(limitMs), process.execPath, ...args]
  const { stdout, stderr } = await untilOver(run(subreaper, words, { env, cwd, maxBuffer: 2 ** 24 }))
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
  // The host's own words are among them.
  const rows = lines
    .filter(([kind]) => kind === 'host' || kind === 'left')
    .map(([kind, ...numbers]) => [kind, numbers.map(Number)])
  const host = rows.find(([kind]) => kind === 'host')?.[1]
  if (host === undefined)
    throw new Error(`measuring ${args[0]}: no line of the host; wants one, got: ${stdout}${stderr}`)
  const [, wallNs, queuedNs, cpuUs, peakKb, status] = host
  const ready = lines
    .find(([kind]) => kind === 'ready')
    ?.slice(1)
    .map(Number)
  const left = rows.filter(([kind]) => kind === 'left').map(([, numbers]) => numbers)
  const leftCpuMs = left.reduce((sum, numbers) => sum + numbers[3], 0) / 1e3
  return {
    exitNs: BigInt(lines.find(([kind]) => kind === 'host')[1]),
    wallMs: (wallNs - queuedNs) / 1e6,
    ...(ready && { sinceReadyMs: (host[0] - ready[0] - (queuedNs - ready[1])) / 1e6 }),
    hostCpuMs: cpuUs / 1e3,
    leftCpuMs,
    treeCpuMs: cpuUs / 1e3 + leftCpuMs,
    hostPeakKb: peakKb,
    leftPeakKb: Math.max(0, ...left.map((numbers) => numbers[4])),
    leftProcesses: left.filter((numbers) => numbers[4] > 20_000).length,
    lastExitNs: rows.reduce((last, [, numbers]) => Math.max(last, numbers[0]), 0),
    killed: Number(lines.find(([kind]) => kind === 'killed')?.[1] ?? 0),
    status,
    stderr,
  }
}

async function untilOver(over) {
  running.add(over)
  try {
    return await over
  } finally {
    running.delete(over)
    if (isEnded) await new Promise(() => {}) // nobody goes on with it, however it ended
  }
}

/** Somebody interrupts us: ends what is being measured with all that it has left, so that nobody writes to what is taken away then. */
export async function endMeasuring() {
  isEnded = true
  for (const { child } of running) child.kill('SIGTERM')
  await Promise.allSettled(running)
}

/** In an order drawn anew: who follows whom changes what is measured, so nobody follows the same one always. */
export function shuffled(list) {
  const drawn = list.map((each) => [Math.random(), each])
  return drawn.sort(([one], [other]) => one - other).map(([, each]) => each)
}

/** Of an empty list NaN: no budget is met by it. */
export function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b)
  const place = (sorted.length - 1) * share
  const low = sorted[Math.floor(place)] ?? Number.NaN
  return low + ((sorted[Math.ceil(place)] ?? low) - low) * (place - Math.floor(place))
}

export function median(values) {
  return quantile(values, 0.5)
}

/** What `of` makes of the two runs of one round, for each round: neighbours in time, which a change of the machine's speed hits alike. */
export function inPairs(left, right, of) {
  return left.map((run, round) => of(run, right[round]))
}

/** Median of {@link inPairs}. */
export function paired(left, right, of) {
  return median(inPairs(left, right, of))
}

/** A row's figure and its noise: the median, what it lies between with 95 % certainty, the quartiles, how many there were. */
export function spreadOf(values) {
  return {
    figure: median(values),
    sure: surelyBetween(values),
    quarters: [quantile(values, 0.25), quantile(values, 0.75)],
    rounds: values.length,
  }
}

/**
 * Where the true median lies in 95 of 100 runs: two of the values themselves, by the binomial distribution of how many are below it. Nothing
 * is assumed of how they scatter. Null for fewer than 6: not even the whole of them is that sure.
 */
export function surelyBetween(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const { length } = sorted
  let below = 0.5 ** length
  if (2 * below > 0.05) return null
  // The most values that may be left out at either end.
  let rank = 0
  for (let term = below; ; rank++) {
    term *= (length - rank) / (rank + 1)
    if (2 * (below + term) > 0.05) return [sorted[rank], sorted[length - 1 - rank]]
    below += term
  }
}

/** CPU of this process for one `work`, in µs: the mean of `count`, so as exact as the clock of the whole. Its children's is in it once they are waited for. */
export async function cpuOf(count, work) {
  const before = ownCpuUs()
  for (let turn = 0; turn < count; turn++) await work()
  return (ownCpuUs() - before) / count
}

/** The children's come in steps of 10 ms. */
function ownCpuUs() {
  const { user, system } = process.cpuUsage()
  if (process.platform !== 'linux') return user + system
  const fields = readFileSync('/proc/self/stat', 'latin1').split(') ').at(-1).split(' ')
  return user + system + (Number(fields[13]) + Number(fields[14])) * 10_000
}
