/** Processes that have left their parents, their session and their terminal, and still belong to the session: or not any more. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { runSession } from '../../src/session/run-session.ts'
import type { SessionOptions } from '../../src/session/session-options.ts'
import { markedProcesses, SESSION_VARIABLE } from '../../src/session/session-mark.ts'
import { start } from '../support/run.ts'
import { waitUntil } from '../support/wait-until.ts'

const linux = test.runIf(process.platform === 'linux')

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(process.env['AFTERWORD_TEST_HOME'] ?? '/tmp', 'daemon-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
})

/** A line that leaves such a process behind, started with these words before it, and goes on when it is one: its parent is gone. */
function leaves(words: string): string {
  const daemon = `echo $$ > ${folder}/tmp; mv ${folder}/tmp ${folder}/pid; exec sleep 600`
  const parent = `cut -d ' ' -f 4 /proc/$(cat ${folder}/pid)/stat`
  const forked = `(${words} setsid nohup sh -c '${daemon}' < /dev/null > /dev/null 2>&1 &)`
  return `${forked}; until test -e ${folder}/pid && test "$(${parent})" != $$; do sleep 0.02; done`
}

function daemon(): number {
  const pid = Number(readFileSync(`${folder}/pid`, 'utf8'))
  onTestFinished(() => {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // killed by the session
    }
  })
  return pid
}

function lives(pid: number): boolean {
  try {
    return !/\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

async function cancelOnceItIsThere(words: string, options: Partial<SessionOptions>) {
  const cancel = new AbortController()
  const args = ['-c', `${leaves(words)}; touch ${folder}/left; exec sleep 600`]
  const running = runSession({ command: 'sh', args, signal: cancel.signal, ...options })
  await waitUntil('there is a daemon', () => existsSync(`${folder}/left`))
  const pid = daemon()
  expect(lives(pid)).toBe(true)
  cancel.abort()
  return { result: await running, pid }
}

for (const pty of [false, true]) {
  linux(`runSession() leaves a daemon alone when the workload ends, and names it (pty: ${pty})`, async () => {
    const result = await runSession({ command: 'sh', args: ['-c', leaves('')], pty })
    const pid = daemon()
    expect(result).toMatchObject({ termination: 'natural_exit', returncode: 0 })
    expect(result.anomalies).toMatchObject([{ kind: 'leftover_processes', detail: '1 processes outlive it' }])
    expect(lives(pid)).toBe(true)
  })

  linux(`runSession() kills a daemon with the workload that it kills (pty: ${pty})`, async () => {
    const { result, pid } = await cancelOnceItIsThere('', { pty })
    expect(result).toMatchObject({ termination: 'cancelled', signal: 'SIGTERM' })
    expect(lives(pid)).toBe(false)
    expect(result.anomalies.filter(({ kind }) => kind === 'leftover_processes')).toEqual([])
  })
}

linux('a daemon that has cleared its environment is not found, nor killed: only a cgroup would hold it', async () => {
  const { result, pid } = await cancelOnceItIsThere('env -i', { tracer: null }) // whose looks might fall between the two forks
  expect(result.termination).toBe('cancelled')
  expect(lives(pid)).toBe(true)
})

linux('markedProcesses() finds the whole value of the variable, and nobody else', async () => {
  const id = '01900000-0000-7000-8000-000000000000'
  const carrying = (value: string): number =>
    start('sleep', ['600'], { env: { A: 'x', [SESSION_VARIABLE]: value, Z: 'y' } }).pid
  const [ours] = [carrying(id), carrying(`${id}0`), carrying(id.slice(1))]
  start('sleep', ['600'], { env: { TEXT: `${SESSION_VARIABLE}=${id}` } })
  const found = await waitUntil('it is found', () => {
    const held = markedProcesses(id)
    for (const one of held) one.close()
    return held.length > 0 && held
  })
  expect(found.map(({ pid }) => pid)).toEqual([ours])
  expect(markedProcesses(id, '/nowhere')).toEqual([])
})
