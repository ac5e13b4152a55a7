// What a look at a process costs, beside a C program that keeps its descriptors, readFileSync, pidusage and ps; and what tracing
// costs at 1, 10 and 100 rows a second, of one process and of fifty. CPU, not wall time. Run by `npm run bench -- tracer`.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { openProcessReader } from '../../dist/tracer/process-reader.js'
import { holdProcess } from '../../dist/tracer/procfs/held-process.js'
import { openSampler } from '../../dist/tracer/sampler.js'
import { startTracing, traceTargetFromPid } from '../../dist/tracer/tracer.js'
import { REAL_SEAMS } from '../../dist/tracer/tracing-seams.js'

const LOOKS = 5000
const ROUNDS = 3
const SECONDS = 5
const folder = fs.mkdtempSync(join(tmpdir(), 'bench-tracer-'))
const one = spawn('sleep', ['600'], { stdio: 'ignore' })
const fifty = spawn('sh', ['-c', 'i=0; while [ $i -lt 49 ]; do sleep 600 & i=$((i+1)); done; wait'], {
  stdio: 'ignore',
  detached: true,
})

try {
  await untilProcesses(50)
  await looks()
  await rates()
} finally {
  one.kill('SIGKILL')
  if (fifty.pid !== undefined) process.kill(-fifty.pid, 'SIGKILL')
  fs.rmSync(folder, { recursive: true })
}

async function looks() {
  const floor = compileFloor()
  const held = holdProcess(one.pid)
  const reader = openProcessReader(held)
  const sampler = openSampler(held, REAL_SEAMS)
  const files = ['stat', 'status', 'io', 'oom_score', 'wchan'].map((name) => `/proc/${one.pid}/${name}`)
  const pidusage = load('pidusage')
  const ways = {
    'C, descriptors kept': async () => floor,
    'process columns': () => cpuOf(LOOKS, () => reader.read()),
    'whole row: process, tree, clocks': () => cpuOf(LOOKS, () => sampler.sample(null)),
    'readFileSync and readdirSync': () =>
      cpuOf(LOOKS, () => {
        for (const file of files) fs.readFileSync(file, 'latin1')
        fs.readdirSync(`/proc/${one.pid}/fd`)
      }),
    pidusage: pidusage && (() => cpuOf(300, () => pidusage(one.pid))),
    'ps -p': () => cpuOf(30, () => execFileSync('ps', ['-o', 'stat,rss,time,comm', '-p', String(one.pid)])),
  }
  console.log(`\none look at one process: CPU µs, lowest of ${ROUNDS} rounds`)
  for (const [name, way] of Object.entries(ways)) {
    if (!way) {
      console.log(`  ${name.padEnd(34)} not installed (npm install --no-save pidusage)`)
      continue
    }
    let best = Number.POSITIVE_INFINITY
    for (let round = 0; round < ROUNDS; round += 1) best = Math.min(best, (await way()) ?? Number.NaN)
    const ratio = floor === null ? '' : `${(best / floor).toFixed(2)} x the floor`
    console.log(`  ${name.padEnd(34)} ${best.toFixed(1).padStart(9)}  ${ratio}`)
  }
  reader.close()
  sampler.close()
  held.close()
}

async function rates() {
  console.log(`\ntracing for ${SECONDS} s: share of a core (idle timer of the same rate beside it)`)
  for (const [name, child] of [
    ['1 process', one],
    ['50 processes', fifty],
  ]) {
    for (const hz of [1, 10, 100]) {
      const intervalMs = 1000 / hz
      const idle = setInterval(() => undefined, intervalMs)
      const base = await shareFor(SECONDS)
      clearInterval(idle)
      const cadence = { intervalMs, slowIntervalMs: intervalMs, burstIntervalMs: intervalMs, ownCpuShare: 1 }
      const tracing = startTracing(traceTargetFromPid(child.pid), cadence)
      const share = await shareFor(SECONDS)
      const { length } = tracing.stop().snapshots
      const percent = (value) => `${(value * 100).toFixed(2)} %`
      console.log(
        `  ${name.padEnd(13)} ${String(hz).padStart(3)} Hz  ${percent(share).padStart(8)}  (${percent(base)}), ${length} rows`,
      )
    }
  }
}

async function cpuOf(count, look) {
  const before = ownCpu()
  for (let i = 0; i < count; i += 1) await look()
  return (ownCpu() - before) / count
}

/** Of this process, and of the children it has waited for (in steps of 10 ms). */
function ownCpu() {
  const { user, system } = process.cpuUsage()
  const fields = fs.readFileSync('/proc/self/stat', 'latin1').split(') ').at(-1).split(' ')
  return user + system + (Number(fields[13]) + Number(fields[14])) * 10_000
}

async function shareFor(seconds) {
  const before = process.cpuUsage()
  await after(seconds * 1000)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / (seconds * 1e6)
}

function compileFloor() {
  const program = join(folder, 'look')
  const source = new URL('look.c', import.meta.url).pathname
  const { status, stderr } = spawnSync('cc', ['-O2', '-o', program, source], { encoding: 'utf8' })
  if (status !== 0) {
    console.log(`no floor: cc says ${stderr ?? 'nothing, it is not installed'}`)
    return null
  }
  const once = () => Number(execFileSync(program, [String(one.pid), String(LOOKS)], { encoding: 'utf8' }))
  return Math.min(...Array.from({ length: ROUNDS }, once))
}

async function untilProcesses(count) {
  const children = `/proc/${fifty.pid}/task/${fifty.pid}/children`
  while (fs.readFileSync(children, 'latin1').trim().split(' ').length < count - 1) await after(10)
}

function load(name) {
  try {
    return createRequire(join(process.env.AFTERWORD_RUNTIMES ?? process.cwd(), 'package.json'))(name)
  } catch {
    return null
  }
}
