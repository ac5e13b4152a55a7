import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { ProcSnapshot } from '../../src/tracer/proc-snapshot.ts'
import { startTracing } from '../../src/tracer/start-tracing.ts'
import { traceTargetFromPid } from '../../src/tracer/trace-target.ts'
import type { Tracing } from '../../src/tracer/tracing.ts'
import type { TracingOptions } from '../../src/tracer/tracing-options.ts'
import type { TracingSeams } from '../../src/tracer/tracing-seams.ts'

const RECORDED = new URL('../recordings/proc-6.18-odd-name', import.meta.url).pathname

/** A recorded machine whose clocks stand still until `pass`; what a row costs is `costUs`. */
function machine(given: { costUs?: number; root?: string } = {}) {
  let ms = 0
  let cpuUs = 0
  let timer: { run: () => void; afterMs: number } | null = null
  const waits: number[] = []
  const seams: Partial<TracingSeams> = {
    procRoot: given.root ?? RECORDED,
    cgroupRoot: '/nowhere',
    wallMs: () => 1_700_000_000_000 + ms,
    monotonicNs: () => ms * 1e6,
    ownCpuUs: () => (cpuUs += given.costUs ?? 0),
    setTimer: (run, afterMs) => {
      timer = { run, afterMs }
      waits.push(afterMs)
      return () => {
        timer = null
      }
    },
  }
  return {
    seams,
    waits,
    armed: () => timer !== null,
    /** Runs the timer, if there is one, when its time has come. */
    pass: () => {
      const due = timer
      timer = null
      ms += due?.afterMs ?? 0
      due?.run()
    },
  }
}

function traceRecorded(on: ReturnType<typeof machine>, options?: TracingOptions): Tracing {
  const target = traceTargetFromPid(4242, { procRoot: on.seams.procRoot ?? RECORDED })
  return startTracing(target, options, on.seams)
}

test('startTracing() reads a recorded process and its tree', () => {
  const tracing = traceRecorded(machine())
  expect(tracing.first).toMatchObject({
    pid: 4242,
    comm: ') R 1 (\n x',
    state: 'sleeping',
    starttime_ticks: 721790,
    fd_count: 3,
    oom_score: 666,
    na: [],
    tree: { procs: 2, threads: 2, zombies: 0 },
  })
  expect(tracing.stop().status).toBe('full')
})

test('startTracing() looks often at first, seldom later', () => {
  const on = machine()
  const tracing = traceRecorded(on)
  for (let i = 0; i < 40; i += 1) on.pass()
  expect(on.waits.slice(0, 30)).toEqual(Array(30).fill(1000))
  expect(on.waits.slice(31)).toEqual(Array(10).fill(5000))
  tracing.stop()
  expect(on.armed()).toBe(false)
})

test('startTracing() looks so seldom that it uses one percent of a core', () => {
  const dear = machine({ costUs: 100_000 })
  const tracing = traceRecorded(dear)
  for (let i = 0; i < 10; i += 1) dear.pass()
  tracing.stop()
  // The first three rows are not counted: what is opened and compiled then is used by all.
  const [first, ...later] = dear.waits.slice(2)
  expect([first, later[0]]).toEqual([1000, 16_000])
  expect(Math.min(...later)).toBe(10_000)
})

test('startTracing() gives each row a later time than the one before, by 1 µs where the clock stands still', () => {
  const on = machine()
  const tracing = traceRecorded(on)
  tracing.snapshotNow()
  tracing.snapshotNow()
  expect(tracing.stop().snapshots.map(({ captured_at }) => captured_at.slice(-8))).toEqual([
    '.000000Z',
    '.000001Z',
    '.000002Z',
  ])
})

test('startTracing() goes on in memory when onSnapshot throws, and says degraded', () => {
  const on = machine()
  const told: ProcSnapshot[] = []
  const tracing = traceRecorded(on, {
    onSnapshot: (row) => {
      told.push(row)
      if (row.seq === 1) throw new Error('disk full')
    },
  })
  for (let i = 0; i < 5; i += 1) on.pass()
  const result = tracing.stop()
  expect(told.map(({ seq }) => seq)).toEqual([0, 1])
  expect(result).toMatchObject({ status: 'degraded', reason: expect.stringContaining('disk full') })
  expect(result.snapshots).toHaveLength(6)
})

test('stop() is idempotent, closes what it opened, and nothing is read after it', () => {
  const open = (): number => fs.readdirSync('/proc/self/fd').length
  const before = open()
  const tracing = traceRecorded(machine())
  expect(open()).toBeGreaterThan(before)
  const result = tracing.stop({ exitCode: 0 })
  expect(tracing.stop({ exitCode: 1, signal: 'SIGSEGV' })).toBe(result)
  expect([tracing.snapshotNow(), tracing.alive(), open()]).toEqual([null, false, before])
})

test('startTracing() holds at most maxSnapshots rows, and the peaks of all', () => {
  const on = machine()
  const tracing = traceRecorded(on, { maxSnapshots: 8 })
  for (let i = 0; i < 100; i += 1) on.pass()
  const { snapshots, peaks } = tracing.stop()
  expect(snapshots.length).toBeLessThanOrEqual(8)
  expect([snapshots[0]?.seq, snapshots.at(-1)?.seq]).toEqual([0, 100])
  expect(peaks.rssKb).toBeGreaterThan(0)
})

test.each(['darwin', 'win32'])(
  'startTracing() on %s is unsupported, says so once, and still names a crash',
  (platform) => {
    const tracing = startTracing(traceTargetFromPid(process.pid), {}, { platform })
    const result = tracing.stop({ signal: 'SIGSEGV' })
    expect([tracing.first, tracing.snapshotNow(), tracing.alive()]).toEqual([null, null, false])
    expect(result).toMatchObject({ status: 'unsupported', reason: `no /proc on ${platform}`, snapshots: [] })
    expect(result.anomalies.map(({ kind }) => kind)).toEqual(['crash_signal'])
  },
)

test('startTracing() names what it may not read, and reads the rest', () => {
  const root = fs.mkdtempSync(join(tmpdir(), 'proc-'))
  onTestFinished(() => fs.rmSync(root, { recursive: true }))
  fs.cpSync(RECORDED, root, { recursive: true })
  for (const name of ['io', 'wchan', 'oom_score', 'fd']) fs.rmSync(`${root}/4242/${name}`, { recursive: true })
  const { first } = traceRecorded(machine({ root }))
  expect(first).toMatchObject({ io_read_bytes: null, wchan: null, oom_score: null, fd_count: null, state: 'sleeping' })
  expect(first?.na).toEqual(
    expect.arrayContaining([
      'io_read_bytes',
      'io_write_bytes',
      'io_rchar',
      'io_wchar',
      'wchan',
      'oom_score',
      'fd_count',
    ]),
  )
})

/** The recorded machine, with files added or replaced; its process has most of its descriptors open, an anomaly of the first row. */
function machineWith(files: Readonly<Record<string, string>>): string {
  const root = fs.mkdtempSync(join(tmpdir(), 'proc-'))
  onTestFinished(() => fs.rmSync(root, { recursive: true }))
  fs.cpSync(RECORDED, root, { recursive: true })
  const few = fs.readFileSync(`${root}/4242/limits`, 'utf8').replace(/^(Max open files\s+)\S+/m, '$13')
  for (const [path, text] of Object.entries({ '4242/limits': few, ...files })) {
    fs.mkdirSync(dirname(`${root}/${path}`), { recursive: true })
    fs.writeFileSync(`${root}/${path}`, text)
  }
  return root
}

// Linux 6.18, a `sleep`
const ROLLUP = `55d0a3b7c000-7ffd1c9f2000 ---p 00000000 00:00 0                          [rollup]
Rss:                1836 kB
Pss:                 171 kB
Pss_Dirty:            96 kB
`

test('startTracing() reads the proportional memory once, for the row of the first anomaly', () => {
  const on = machine({ root: machineWith({ '4242/smaps_rollup': ROLLUP }) })
  const tracing = traceRecorded(on)
  for (let i = 0; i < 5; i += 1) on.pass()
  const { anomalies, snapshots } = tracing.stop()
  expect(anomalies[0]).toMatchObject({ kind: 'fd_high', snapshot: { vm_pss_kb: 171 } })
  expect(snapshots.map((row) => [row.vm_pss_kb, row.na])).toEqual([
    [171, []],
    ...Array.from({ length: 5 }, () => [null, []]),
  ])
})

test.each([
  ['it may not be read', {}],
  ['it is no such file', { '4242/smaps_rollup': 'Rss: 3 kB\n' }],
])('startTracing() names the proportional memory in na where %s, once', (_, files) => {
  const on = machine({ root: machineWith(files) })
  const tracing = traceRecorded(on)
  on.pass()
  expect(tracing.stop().snapshots.map((row) => [row.vm_pss_kb, row.na])).toEqual([
    [null, ['vm_pss_kb']],
    [null, []],
  ])
})

test('startTracing() leaves the proportional memory of a large process alone', () => {
  const status = fs.readFileSync(`${RECORDED}/4242/status`, 'utf8').replace(/^(VmRSS:\s+)\d+/m, '$1300000')
  const tracing = traceRecorded(machine({ root: machineWith({ '4242/smaps_rollup': ROLLUP, '4242/status': status }) }))
  expect(tracing.stop().snapshots[0]).toMatchObject({ vm_rss_kb: 300_000, vm_pss_kb: null, na: ['vm_pss_kb'] })
})

test('startTracing() counts what the machine waited for, where the kernel does', () => {
  const some = (total: number): string =>
    `some avg10=0.00 avg60=0.00 avg300=0.00 total=${total}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n`
  const root = machineWith({ 'pressure/memory': some(19842), 'pressure/cpu': some(5) })
  const tracing = traceRecorded(machine({ root }))
  fs.writeFileSync(`${root}/pressure/memory`, some(20000))
  expect(tracing.stop().counters).toMatchObject({
    start: { memoryStalledUsec: 19842, cpuStalledUsec: 5, ioStalledUsec: null },
    end: { memoryStalledUsec: 20000, cpuStalledUsec: 5, ioStalledUsec: null },
  })
})

test('startTracing() does not take another process with the number of its target', () => {
  const target = traceTargetFromPid(4242, { procRoot: RECORDED })
  const root = fs.mkdtempSync(join(tmpdir(), 'proc-'))
  onTestFinished(() => fs.rmSync(root, { recursive: true }))
  fs.cpSync(RECORDED, root, { recursive: true })
  const stat = fs.readFileSync(`${root}/4242/stat`, 'utf8')
  fs.writeFileSync(`${root}/4242/stat`, stat.replace(' 721790 ', ' 800000 '))
  const tracing = startTracing(target, {}, { procRoot: root })
  expect(tracing.first).toBeNull()
  expect(tracing.stop()).toMatchObject({ status: 'degraded', reason: expect.stringContaining('belongs to another') })
})
