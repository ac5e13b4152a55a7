import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { runSession } from '../../src/session/run-session.ts'
import { waitUntil } from '../support/wait-until.ts'

const withoutScript = existsSync('/usr/bin/script') ? null : 'script(1) is not installed'
const BOTH = [false, true] as const

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(process.env['AFTERWORD_TEST_HOME'] ?? '/tmp', 'session-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
})

/** A line for sh(1). The workload is that shell. */
const sh = (line: string) => ({ command: '/bin/sh', args: ['-c', line] })

test.each(BOTH)('runSession() runs a command with its arguments as they are (pty: %s)', async (pty) => {
  const words = ['a b', "it's", '"', '$HOME `id` !', 'line\nbreak', '', '\\', '*', '-n', 'ü']
  const result = await runSession({
    command: process.execPath,
    args: ['-e', 'console.log(JSON.stringify(process.argv.slice(1)))', '--', ...words],
    pty,
  })
  expect(JSON.parse(result.stdout)).toEqual(words)
  expect(result).toMatchObject({
    returncode: 0,
    signal: null,
    termination: 'natural_exit',
    channelConfirmation: 'unmonitored',
  })
})

test.each(BOTH)(
  'runSession() gives the workload exactly the environment it was told, and the mark of the session (pty: %s)',
  async (pty) => {
    const env = { PATH: '/usr/bin:/bin', SHELL: '/usr/bin/fish', 'A.B-c': 'odd', PLAIN: "it's\nmine", PWD: '/else' }
    const result = await runSession({ command: '/usr/bin/env', args: ['-0'], env, pty })
    const seen = Object.fromEntries(
      result.stdout
        .split('\0')
        .flatMap((line) =>
          line === '' ? [] : [[line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]],
        ),
    )
    expect(seen).toEqual({ ...env, AFTERWORD_SESSION: result.sessionId })
  },
)

test('runSession() gives a terminal its size, no echo, no carriage returns', async (ctx) => {
  if (withoutScript !== null) return ctx.skip(withoutScript)
  const result = await runSession({
    ...sh('test -t 0 && test -t 1 && test -t 2 && stty size; stty -a | grep -o -- "-\\?echo "; echo err >&2'),
    pty: true,
    terminalSize: { rows: 33, columns: 77 },
  })
  expect(result.stdout).toBe('33 77\n-echo \nerr\n')
})

test('runSession() keeps stdin of a terminal open: no end of file, no ^D', async (ctx) => {
  if (withoutScript !== null) return ctx.skip(withoutScript)
  const result = await runSession({ ...sh('timeout 0.3 cat; echo $?'), pty: true })
  expect(result.stdout).toBe('124\n')
})

test('runSession() hands input over whole without a terminal', async () => {
  const input = 'x'.repeat(300_000)
  const result = await runSession({ command: 'wc', args: ['-c'], input })
  expect(result.stdout.trim()).toBe('300000')
})

test.each(BOTH)('runSession() leaves no descriptor of its own with the workload (pty: %s)', async (pty) => {
  const result = await runSession({ command: 'ls', args: ['/proc/self/fd'], pty })
  // What this process itself inherited, its children have with us and without.
  const bare = spawnSync('ls', ['/proc/self/fd'], { encoding: 'utf8' }).stdout
  const words = (text: string): readonly string[] => text.trim().split(/\s+/)
  expect(words(result.stdout)).toEqual(words(bare))
})

test.each(BOTH)('runSession() says exit codes and signals (pty: %s)', async (pty) => {
  expect(await runSession({ ...sh('exit 7'), pty })).toMatchObject({
    returncode: 7,
    signal: null,
    signalExact: true,
    termination: 'natural_exit',
  })
  expect(await runSession({ ...sh('kill -TERM $$'), pty })).toMatchObject({
    returncode: 143,
    signal: 'SIGTERM',
    signalExact: !pty,
    termination: 'signaled',
  })
})

test.each(BOTH)('runSession() says 143 at once when somebody ends the workload with SIGTERM (pty: %s)', async (pty) => {
  const result = await runSession({
    command: 'sleep',
    args: ['100'],
    pty,
    onStart: (pid) =>
      void waitUntil('sleep runs', () => commOf(pid) === 'sleep').then(() => process.kill(pid, 'SIGTERM')),
  })
  expect(result).toMatchObject({ returncode: 143, signal: 'SIGTERM', termination: 'signaled' })
  expect(result.elapsedSeconds).toBeLessThan(10)
})

test.each(BOTH)(
  'runSession() says spawn_failed of what is not there, and of what may not be run (pty: %s)',
  async (pty) => {
    expect(await runSession({ command: 'no-such-command-anywhere', pty })).toMatchObject({
      termination: 'spawn_failed',
      returncode: 127,
      pid: null,
    })
    expect(await runSession({ command: '/etc/passwd', pty })).toMatchObject({
      termination: 'spawn_failed',
      returncode: 126,
    })
    expect(await runSession({ command: 'true', cwd: `${folder}/gone`, pty })).toMatchObject({
      termination: 'spawn_failed',
    })
  },
)

test('runSession() cancels before and while the workload runs', async () => {
  expect(await runSession({ ...sh(`touch ${folder}/ran`), signal: AbortSignal.abort() })).toMatchObject({
    termination: 'cancelled',
    returncode: null,
  })
  expect(existsSync(`${folder}/ran`)).toBe(false)
  const controller = new AbortController()
  const result = await runSession({
    command: 'sleep',
    args: ['100'],
    signal: controller.signal,
    onStart: () => controller.abort(),
  })
  expect(result).toMatchObject({ termination: 'cancelled', returncode: 143, signal: 'SIGTERM' })
})

test.each(BOTH)('runSession() names a kill by its cause, and keeps the exit of it (pty: %s)', async (pty) => {
  expect(await runSession({ command: 'sleep', args: ['100'], pty, limits: { timeoutMs: 300 } })).toMatchObject({
    termination: 'timed_out',
    returncode: 143,
    signal: 'SIGTERM',
  })
  expect(await runSession({ ...sh('echo a; sleep 100'), pty, limits: { idleOutputMs: 300 } })).toMatchObject({
    termination: 'idle_stall',
    stdout: 'a\n',
  })
})

test.each(BOTH)('runSession() kills who ignores SIGTERM, and all of the family (pty: %s)', async (pty) => {
  const stubborn = `trap '' TERM; echo $$ >> ${folder}/pids; while :; do sleep 0.2; done`
  const result = await runSession({
    ...sh(`(${stubborn.replace('$$', '$(exec sh -c "echo \\$PPID")')}) & ${stubborn}`),
    pty,
    limits: { timeoutMs: 500, killGraceMs: 300 },
  })
  expect(result).toMatchObject({ termination: 'timed_out', returncode: 137, signal: 'SIGKILL' })
  const pids = readFileSync(`${folder}/pids`, 'utf8').trim().split('\n').map(Number)
  expect(pids).toHaveLength(2)
  for (const pid of pids) expect(stateOf(pid)).toMatch(/^(gone|Z)$/)
})

test.each(BOTH)('runSession() kills a shell before it goes on with its next line (pty: %s)', async (pty) => {
  const lines = `for n in 1 2 3 4 5 6 7 8; do sh -c "sleep 100; touch ${folder}/went-on" & done; sleep 100; touch ${folder}/went-on`
  const result = await runSession({ ...sh(lines), pty, limits: { timeoutMs: 500 } })
  expect(result).toMatchObject({ termination: 'timed_out', signal: 'SIGTERM', stdout: '' })
  expect(existsSync(`${folder}/went-on`)).toBe(false)
})

test('runSession() calls a session completed when its marker is in stdout, and lets the workload leave', async () => {
  const leaves = await runSession({
    ...sh('printf "all do"; sleep 0.1; echo "ne"; sleep 0.2; exit 5'),
    completionMarker: 'done',
  })
  expect(leaves).toMatchObject({
    termination: 'completed',
    returncode: 5,
    signal: null,
    channelConfirmation: 'channel_a',
  })
  const stays = await runSession({
    ...sh('echo done; exec sleep 100'),
    completionMarker: 'done',
    limits: { completionDrainMs: 2500 },
  })
  expect(stays).toMatchObject({ termination: 'completed', signal: 'SIGTERM', channelConfirmation: 'channel_a' })
})

test('runSession() reads the session log: its marker, its silence, its absence', async () => {
  const sessionLog = `${folder}/log/session.jsonl`
  const marked = await runSession({
    ...sh(`mkdir ${folder}/log; sleep 0.3; echo "the end" >> ${sessionLog}; sleep 100`),
    sessionLog,
    completionMarker: 'the end',
    limits: { completionDrainMs: 2500 },
  })
  expect(marked).toMatchObject({ termination: 'completed', channelConfirmation: 'channel_b' })
  // What was in the log before the session is no news.
  expect(
    await runSession({ ...sh('sleep 100'), sessionLog, completionMarker: 'the end', limits: { staleMs: 600 } }),
  ).toMatchObject({ termination: 'stale', channelConfirmation: 'unmonitored' })
  expect(
    await runSession({ ...sh('sleep 100'), sessionLog: `${folder}/never/log`, limits: { staleMs: 300 } }),
  ).toMatchObject({
    termination: 'stale',
    channelConfirmation: 'dir_missing',
  })
})

test('runSession() hears both channels, whichever comes first, and what was written just before the exit', async () => {
  const sessionLog = `${folder}/session.jsonl`
  const both = { sessionLog, completionMarker: 'all done' }
  const logFirst = await runSession({
    ...sh(`echo all done >> ${sessionLog}; sleep 0.6; echo all done; exec sleep 100`),
    ...both,
    limits: { completionDrainMs: 2500 },
  })
  expect(logFirst).toMatchObject({ termination: 'completed', channelConfirmation: 'channel_a', signal: 'SIGTERM' })
  const atTheExit = await runSession({ ...sh(`sleep 0.3; echo all done >> ${sessionLog}`), ...both })
  expect(atTheExit).toMatchObject({ termination: 'natural_exit', channelConfirmation: 'channel_b', returncode: 0 })
})

test.each(BOTH)(
  'runSession() does not wait for a child in the background that holds the pipe (pty: %s)',
  async (pty) => {
    const result = await runSession({ ...sh(`sleep 30 & echo $! > ${folder}/pid; echo out`), pty })
    const pid = Number(readFileSync(`${folder}/pid`, 'utf8'))
    onTestFinished(() => kill(pid))
    expect(result).toMatchObject({ termination: 'natural_exit', returncode: 0, stdout: 'out\n' })
    expect(result.elapsedSeconds).toBeLessThan(20)
    // In a terminal that goes away, the kernel hangs up on it: as without us.
    if (!pty) expect(stateOf(pid)).toBe('S')
  },
)

test('runSession() keeps the end of a long output', async () => {
  const result = await runSession({ ...sh('seq 1 200000'), limits: { keptOutputBytes: 1000 } })
  expect(result.stdout).toHaveLength(1000)
  expect(result.stdout.endsWith('\n199999\n200000\n')).toBe(true)
})

function commOf(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
  } catch {
    return null
  }
}

function stateOf(pid: number): string {
  try {
    return /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1] ?? '?'
  } catch {
    return 'gone'
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // ended by itself
  }
}
