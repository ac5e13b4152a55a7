/** A command's cost, by what waits in its directory: nothing on the host's path may grow with it. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { exponent, inWords } from './curve.mjs'
import { keepFiles } from './fill.mjs'
import { cpuOf, inPairs, median, spreadOf } from './measure.mjs'
import { forgetReporter, inRounds, makeContender, pretendReporter, telemetry } from './world.mjs'

const SIZES = [1, 3, 10, 30, 100, 300, 1000]
/** An exponent of 0.02 is 15 % more with a thousand times as much. */
const FLAT = 0.02
const JOURNAL_LINE_BYTES = 262
/** A start of Node varies so much that a round says ± 0.02 of an exponent; some twenty of them ± 0.01. */
const ROUNDS = { rounds: 24, seconds: 48 }
const QUICK = { rounds: 2 }

const KINDS = {
  'waiting files': (home, template, count) => keepFiles(join(telemetry(home), 'pending'), template, count),
  'in-flight records': (home, template, count) =>
    keepFiles(join(telemetry(home), 'in-flight'), begunRecord(template), count),
  'lines of the journal': (home, template, count) =>
    writeFileSync(join(telemetry(home), 'sent.jsonl'), `${'x'.repeat(JOURNAL_LINE_BYTES - 1)}\n`.repeat(count)),
}
const SITUATIONS = { 'reporter alive': pretendReporter, launched: forgetReporter }
const COSTS = { 'wall time': (run) => run.wallMs, CPU: (run) => run.hostCpuMs }

export async function benchHostGrowth({ quick, report, world, subreaper, template }) {
  const contenders = []
  for (const { kind, situation, size } of casesOf(quick)) {
    const before = (home) => {
      SITUATIONS[situation](home)
      mkdirSync(telemetry(home), { recursive: true, mode: 0o700 })
      KINDS[kind](home, template, size)
    }
    const about = {
      id: `${kind}, ${situation}, ${size}`,
      kind,
      situation,
      size,
      script: 'tracked.mjs',
      before,
      afterMs: 0,
    }
    contenders.push(await makeContender(world, subreaper, about))
  }
  const plan = quick ? QUICK : ROUNDS
  const runs = await inRounds('growth, host', contenders, plan.rounds, report, plan)
  for (const kind of Object.keys(KINDS))
    for (const situation of Object.keys(SITUATIONS)) {
      const line = contenders.filter((one) => one.kind === kind && one.situation === situation)
      if (line.length === 0) continue // --quick
      costRows(line, runs, report)
      fileRow(line, report)
    }
  await pruneRow(contenders, report)
}

function casesOf(quick) {
  return Object.keys(KINDS).flatMap((kind) => {
    if (quick && kind !== 'waiting files') return []
    const sizes = quick || kind !== 'waiting files' ? [1, 1000] : SIZES
    return sizes.flatMap((size) => Object.keys(SITUATIONS).map((situation) => ({ kind, situation, size })))
  })
}

/** An exponent for each round, of neighbours in time; the figure is their median. */
function costRows(line, runs, report) {
  const [{ kind, situation, id: least }] = line
  const { id: most } = line.at(-1)
  for (const [what, of] of Object.entries(COSTS)) {
    const exponents = runs[least].map(
      (_, round) => exponent(line.map(({ id, size }) => [size, of(runs[id][round])])).exponent,
    )
    const moreMs = spreadOf(inPairs(runs[most], runs[least], (left, right) => of(left) - of(right)))
    report.row({
      what: `host, ${situation}: ${what} by ${kind}, 1 to 1,000: exponent`,
      budget: `≤ ${FLAT}`,
      limit: FLAT,
      note: `at 1,000 ${moreMs.figure.toFixed(1)} ms more`,
      ...spreadOf(exponents),
    })
    if (line.length > 2) {
      const points = line.map(({ id, size }) => [size, median(runs[id].map(of))])
      report.curve(points, { title: `Host, ${situation}`, x: kind, y: `${what} in ms` })
    }
  }
}

/** Exact, whatever else the machine does. */
function fileRow(line, report) {
  const [{ kind, situation }] = line
  const what = `host, ${situation}: file operations by ${kind}`
  const traced = [line[0], line.at(-1)].map((contender) => fileOperations(contender))
  const failed = traced.find((one) => one.kind === 'skipped')
  if (failed !== undefined) return report.skip(what, failed.why)
  const [few, many] = traced.map(({ calls }) => calls)
  report.row({
    what,
    budget: '0 more at 1,000 than at 1',
    limit: 0,
    figure: many.length - few.length,
    note: `${few.length} at 1; folders listed: ${
      foldersOf(few)
        .map((path) => path.replace(line[0].home, '~'))
        .join(', ') || 'none'
    }`,
    floor: `more: ${moreOf(many, few).join(', ')}`,
  })
}

/** System calls that name a path in the home, or list a folder wherever. Of two runs the shorter: one command in 64 prunes. */
function fileOperations(contender) {
  const out = join(contender.home, 'strace.txt')
  const tries = []
  try {
    for (let turn = 0; turn < 2; turn++) {
      contender.before(contender.home)
      const { args, env, cwd } = contender.command({})
      const strace = ['-o', out, '-e', 'trace=%file,getdents64', process.execPath, ...args]
      execFileSync('strace', strace, { env, cwd, stdio: ['ignore', 'ignore', 'pipe'] })
      const calls = readFileSync(out, 'utf8').split('\n')
      tries.push(calls.filter((call) => call.includes(`"${contender.home}/`) || /^getdents64|O_DIRECTORY/.test(call)))
    }
  } catch (error) {
    return { kind: 'skipped', why: error.code === 'ENOENT' ? 'no strace on the PATH' : `strace: ${error.stderr}` }
  }
  return { kind: 'traced', calls: tries.toSorted((a, b) => a.length - b.length)[0] }
}

/** Those that are opened to be listed. */
function foldersOf(calls) {
  return calls.flatMap((call) => /"([^"]*)", [A-Z_|]*O_DIRECTORY/.exec(call)?.[1] ?? [])
}

/** Calls that come more often in `many`, each kind with how often. */
function moreOf(many, few) {
  const counts = new Map()
  for (const [calls, sign] of [
    [many, 1],
    [few, -1],
  ])
    for (const call of calls) {
      const path = /"([^"]*)"/.exec(call)?.[1] ?? ''
      const name = path.slice(path.lastIndexOf('/') + 1).replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}|\d+/g, '*')
      const kind = `${/^\w+/.exec(call)?.[0]} ${name}`.trim()
      counts.set(kind, (counts.get(kind) ?? 0) + sign)
    }
  return [...counts].filter(([, count]) => count > 0).map(([kind, count]) => `${count} × ${kind}`)
}

/** The one thing that looks at what waits: one command in 64 keeps `pending/` within its bounds. */
async function pruneRow(contenders, report) {
  const { noDrops, prunePending } = await import('../../dist/spool/bounds.js')
  const { spoolLayout } = await import('../../dist/spool/spool-layout.js')
  const line = contenders.filter(({ kind, situation }) => kind === 'waiting files' && situation === 'reporter alive')
  const points = []
  for (const { home, size, before } of line) {
    before(home)
    const layout = spoolLayout(join(home, '.acme'))
    points.push([size, (await cpuOf(50, () => prunePending(layout, Date.now(), noDrops(), () => true))) / 1e3])
  }
  const [size, ms] = points.at(-1)
  const slope = exponent(points)
  report.row({
    what: `pruning, which one command in 64 does: ${size} files waiting`,
    figure: ms,
    unit: ' ms CPU',
    note: `exponent ${inWords(slope)}; ${((ms * 1000) / 64).toFixed(0)} µs a command`,
  })
  if (line.length > 3)
    report.curve(points, { title: 'Pruning, by one command in 64', x: 'waiting files', y: 'CPU in ms' })
}

/** What a command killed in its middle leaves, its first line; the host does not read it, a reporter adopts it. */
function begunRecord({ uuid, text }) {
  const process = { pid: 4_194_303, start_ticks: 1, boot_id: 'bench', pid_namespace: null, host_name: 'bench' }
  const record = JSON.parse(text.slice(0, text.indexOf('\n')))
  return { uuid, text: `${JSON.stringify({ ...record, process })}\n` }
}
