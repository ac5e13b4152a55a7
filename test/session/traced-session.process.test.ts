import { fork, spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runSession, type SessionResult } from '../../src/session/run-session.ts'
import { procTracer, type TracerFactory } from '../../src/session/tracer-factory.ts'
import type { ProcSnapshot } from '../../src/tracer/proc-snapshot.ts'
import { memoryGroup } from '../support/memory-group.ts'
import { waitUntil } from '../support/wait-until.ts'

const has = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0
const withoutScript = has('script') ? null : 'script(1) is not installed'
const program = (name: string): string => new URL(`../programs/${name}`, import.meta.url).pathname

/** What the workload says of itself: its own pid is the first word of its output. */
function exactTarget(result: SessionResult): void {
  expect(result.trace).toEqual({ status: 'full', reason: null })
  const rows = result.procSnapshots ?? []
  expect(rows.length).toBeGreaterThan(0)
  expect(new Set(rows.map(({ pid }) => pid))).toEqual(new Set([result.pid]))
  expect(rows.map(({ comm }) => comm)).not.toContain('script')
  // The first row is older than the workload's first instruction: nothing was executed since the gate.
  expect(rows[0]).toMatchObject({ comm: 'sh', exec_seq: 0 })
}

test('runSession() watches the workload behind script(1), and not script(1)', async (ctx) => {
  if (withoutScript !== null) return ctx.skip(withoutScript)
  for (let round = 0; round < 5; round += 1) {
    let wrapper = 0
    const result = await runSession({
      command: process.execPath,
      args: [program('sixty-megabytes.mjs'), '600'],
      pty: true,
      onStart: (pid) => {
        wrapper = parentOf(pid)
      },
    })
    exactTarget(result)
    expect(result.stdout).toBe('62914560\n')
    expect(result.pid).not.toBe(wrapper)
    expect(wrapper).toBeGreaterThan(0)
    const peak = Math.max(
      ...(result.procSnapshots ?? []).map(({ vm_rss_kb, vm_hwm_kb }) => vm_hwm_kb ?? vm_rss_kb ?? 0),
    )
    expect(peak).toBeGreaterThan(30_000)
  }
})

test.each([
  ['one that lives a millisecond', 'true', []],
  ['one that lives five', 'sleep', ['0.005']],
  ['one that forks and exits', 'sh', ['-c', 'sleep 0.2 & exit 0']],
] as const)('runSession() hits the target exactly: %s', async (_case, command, args) => {
  for (const pty of [false, true])
    for (let round = 0; round < 5; round += 1) {
      const result = await runSession({ command, args, pty })
      exactTarget(result)
      expect(named(result)).toMatchObject({ returncode: 0, termination: 'natural_exit', trackedComm: command })
    }
})

test.each([
  ['one without an environment', 'env', ['-i', 'head', '-n', '1']],
  ['one under another name', 'bash', ['-c', 'exec -a other head -n 1 "$0"']],
] as const)('runSession() hits the target exactly: %s', async (_case, command, args) => {
  for (const pty of [false, true])
    for (let round = 0; round < 5; round += 1) {
      const line = lineToCome()
      const tracer = looking(stayed('head', line.come))
      const result = await runSession({ command, args: [...args, line.path], pty, tracer })
      exactTarget(result)
      expect(named(result)).toMatchObject({ returncode: 0, termination: 'natural_exit', trackedComm: 'head' })
    }
})

test('runSession() names a workload as it was called longest, though its launcher is in more of its rows', async () => {
  const [launch, end] = [lineToCome(), lineToCome()]
  const stayedHead = stayed('head', end.come)
  const tracer = looking((row) => {
    if (row.seq === 4) launch.come()
    stayedHead(row)
  })
  const launcher = 'read -r _ <"$0"; exec head -n 1 "$1"'
  const result = await runSession({ command: 'bash', args: ['-c', launcher, launch.path, end.path], tracer })
  expect(named(result)).toMatchObject({ returncode: 0, trackedComm: 'head' })
})

test('runSession() enrols the session before the first instruction, and finishes its directory', async () => {
  const directory = temporaryFolder()
  // The workload itself looks: the record is there, and names it.
  const look = 'cat "$1"/telemetry/sessions/live/*/session.json; echo; echo $$'
  const result = await runSession({ command: 'sh', args: ['-c', look, 'sh', directory], directory })
  const [record = '', pid = ''] = result.stdout.split('\n').filter((line) => line !== '')
  expect(JSON.parse(record)).toMatchObject({ schema_version: 2, session_id: result.sessionId, pid: Number(pid) })
  expect(result.pid).toBe(Number(pid))
  expect(result.trace.status).toBe('full')
  expect(readdirSync(`${directory}/telemetry/sessions/live`)).toEqual([])
  const done = `${directory}/telemetry/sessions/done/${result.sessionId}`
  expect(JSON.parse(readFileSync(`${done}/summary.json`, 'utf8'))).toMatchObject({
    session_id: result.sessionId,
    exit_code: 0,
    subtype: 'success',
    termination_reason: 'natural_exit',
    snapshot_count: result.procSnapshots?.length,
    recovered: false,
  })
})

test('runSession() says degraded when its directory cannot be made, and runs the workload', async () => {
  const directory = `${temporaryFolder()}/file`
  writeFileSync(directory, '')
  const result = await runSession({ command: 'echo', args: ['out'], directory })
  expect(result).toMatchObject({ stdout: 'out\n', returncode: 0, trace: { status: 'degraded' } })
  expect(result.procSnapshots?.length).toBeGreaterThan(0)
})

test('runSession() runs the workload when its tracer throws, and when there is none', async () => {
  const broken = await runSession({
    command: 'echo',
    args: ['out'],
    tracer: () => {
      throw new Error('broken')
    },
  })
  expect(broken).toMatchObject({
    stdout: 'out\n',
    trace: { status: 'unsupported', reason: 'broken' },
    procSnapshots: null,
  })
  const none = await runSession({ command: 'echo', args: ['out'], tracer: null })
  expect(none).toMatchObject({ stdout: 'out\n', trace: { status: 'unsupported', reason: 'no-tracer' } })
})

test.each(['fish', 'tcsh'])('runSession() works for a user of %s', async (shell) => {
  const result = await runSession({
    command: 'sh',
    args: ['-c', 'echo $SHELL "$1"', 'sh', "a'b !c"],
    env: { PATH: process.env['PATH'], SHELL: `/usr/bin/${shell}` },
    pty: true,
  })
  exactTarget(result)
  expect(result.stdout).toBe(`/usr/bin/${shell} a'b !c\n`)
})

test.each([false, true])('runSession() runs the workload with 32 descriptors (pty: %s)', async (pty) => {
  const options = JSON.stringify({ command: 'echo', args: ['out'], pty })
  const host = fork(program('run-session.mjs'), [options, '32'], { silent: true })
  onTestFinished(() => void host.kill('SIGKILL'))
  const result = await waitForMessage(host)
  expect(result).toMatchObject({ stdout: 'out\n', returncode: 0, termination: 'natural_exit' })
})

const EATS_MEMORY = 'const held = []; for (;;) held.push(Buffer.alloc(1 << 20, 1))'

test('runSession() says oom_killed of a workload that its memory cgroup killed', async (ctx) => {
  const group = memoryGroup(64)
  if (typeof group === 'string') return ctx.skip(group)
  // It joins the group after its first row was taken: what is known then is that the machine killed somebody.
  const result = await runSession({
    command: 'sh',
    args: ['-c', `echo $$ > ${group.procs} && exec "$0" -e '${EATS_MEMORY}'`, process.execPath],
  })
  expect(result).toMatchObject({ termination: 'oom_killed', signal: 'SIGKILL', returncode: 137 })
})

for (const pty of [false, true]) {
  test(`runSession() within a memory cgroup says that it was this group, once, and outlives it (pty: ${pty})`, async (ctx) => {
    const group = memoryGroup(300)
    if (typeof group === 'string') return ctx.skip(group)
    const options = JSON.stringify({ command: process.execPath, args: ['-e', EATS_MEMORY], pty })
    const host = fork(program('run-session.mjs'), [options], {
      silent: true,
      // The whole session is in the group; the kernel takes whoever has most.
      execPath: '/bin/sh',
      execArgv: ['-c', `echo $$ > ${group.procs}; exec "$0" "$@"`, process.execPath],
    })
    onTestFinished(() => void host.kill('SIGKILL'))
    const result = (await waitForMessage(host)) as SessionResult
    expect(result).toMatchObject({ termination: 'oom_killed', signal: 'SIGKILL', returncode: 137 })
    const killed = result.anomalies.filter(({ kind }) => kind === 'oom_killed')
    expect(killed).toMatchObject([{ severity: 'critical', detail: 'confirmed: killed for memory' }])
  })
}

test('runSession() lets the workload begin when its own process dies at the gate', async () => {
  const folder = temporaryFolder()
  const die = `
    import { runSession } from ${JSON.stringify(new URL('../../dist/session/run-session.js', import.meta.url).href)}
    const die = () => process.kill(process.pid, 'SIGKILL')
    await runSession({ command: 'sh', args: ['-c', 'sleep 0.1; echo ran > ' + process.argv[1]], pty: process.argv[2] === 'pty', onStart: die })`
  for (const kind of ['pty', 'plain']) {
    // script(1) without its parent goes on.
    const host = spawnSync(process.execPath, ['--input-type=module', '-e', die, `${folder}/${kind}`, kind])
    expect(host.signal).toBe('SIGKILL')
    await waitUntil(`the workload has run (${kind})`, () => read(`${folder}/${kind}`) === 'ran\n')
  }
})

function parentOf(pid: number): number {
  return Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1])
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

/** What a failure is to show of it. */
function named({ returncode, termination, trackedComm, procSnapshots }: SessionResult): object {
  const rows = procSnapshots?.map(({ comm, exec_seq, mono_ns }) => `${comm} ${exec_seq} ${mono_ns / 1e6}`)
  return { returncode, termination, trackedComm, rows }
}

/** The tracer, and whoever else wants its rows. */
function looking(look: (row: ProcSnapshot) => void): TracerFactory {
  return (pid, onSnapshot) =>
    procTracer(pid, (row) => {
      onSnapshot(row)
      look(row)
    })
}

/** Calls back once a workload was seen under this name for longer than it took to come by it. */
function stayed(comm: string, then: () => void): (row: ProcSnapshot) => void {
  let firstNs: number | null = null
  let sinceNs: number | null = null
  return (row) => {
    firstNs ??= row.mono_ns
    if (row.comm !== comm) return
    sinceNs ??= row.mono_ns
    if (row.mono_ns - sinceNs > sinceNs - firstNs) then()
  }
}

/** A fifo from which a workload reads a line, for which it waits until the line comes. */
function lineToCome(): { readonly path: string; readonly come: () => void } {
  const path = `${temporaryFolder()}/fifo`
  expect(spawnSync('mkfifo', [path]).status).toBe(0)
  const fd = openSync(path, 'r+') // nobody waits for the other end
  onTestFinished(() => closeSync(fd))
  return { path, come: () => void writeSync(fd, '\n') }
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(process.env['AFTERWORD_TEST_HOME'] ?? '/tmp', 'session-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function waitForMessage(host: ReturnType<typeof fork>): Promise<unknown> {
  let stderr = ''
  host.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  return new Promise((resolve, reject) => {
    host.once('message', resolve)
    host.once('exit', (code, signal) => reject(new Error(`the host ended with ${code ?? signal}: ${stderr}`)))
  })
}
