/** `afterword trace` in a real terminal, beside the bare command: keys, signals, sizes, how it ends, and how it leaves the terminal. */
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { probeProcess } from '../../src/platform/process-instance.ts'
import { type Home, makeHome } from '../support/home.ts'
import { openPane, type Pane } from '../support/pane.ts'
import { expectNobodyLeft } from '../support/processes.ts'
import { program } from '../support/run.ts'
import { waitUntil } from '../support/wait-until.ts'
import { BIN } from './program.ts'

const missing = ['tmux', 'script', 'perl', 'bash'].find(
  (name) => !(process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, name))),
)
const WORKLOAD = `sh ${program('hears-signals.sh')}`
const TRACE = `${process.execPath} ${BIN} trace`
const WAYS = [
  ['in a pseudo-terminal', `${TRACE} --`],
  ['without one', `${TRACE} --no-pty --`],
] as const

interface Terminal extends Pane {
  readonly home: Home
  /** The text of a file that the workload or its caller writes; null before. */
  read(name: string): string | null
}

function terminal(): Terminal {
  const home = makeHome('afterword')
  onTestFinished(() => expectNobodyLeft(home.path)) // whom closing the terminal ends, they may write still
  const pane = openPane('bash --noprofile --norc -i', {
    folder: home.path,
    env: home.env({ TERM: 'xterm', SHELL: '/bin/bash', PS1: '$ ', HISTFILE: '' }),
    columns: 90,
    rows: 30,
  })
  return { ...pane, home, read: (name) => readOrNull(`${home.path}/${name}`) }
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

const CASES = ['handles', 'dies'].flatMap((kind) =>
  ['SIGTERM', 'SIGHUP', 'C-c', 'C-\\'].map((what) => [kind, what] as const),
)

/** Everything in it: starts, is resized, gets the signal or the key, and is looked at by its caller. */
async function play(on: Terminal, prefix: string, kind: string, what: string) {
  for (const name of ['heard', 'pid', 'end', 'before', 'after']) rmSync(`${on.home.path}/${name}`, { force: true })
  on.resize(90, 30)
  const resized = 'until [ "$(stty size)" = "30 90" ]; do sleep 0.05; done'
  const caller = `perl ${program('caller.pl')} ${prefix} ${WORKLOAD} ${kind}`
  on.type(`${resized}; stty -g > before; ${caller}; stty -g > after.tmp; mv after.tmp after`, 'Enter')
  await waitUntil('the workload has begun', () => on.read('heard')?.includes('began'), { timeoutMs: 60_000 })
  on.resize(71, 22)
  await waitUntil('the workload has heard of its new size', () => on.read('heard')?.includes('size 22 71'))
  const pid = Number(await waitUntil('the caller has said whom it called', () => on.read('pid')))
  if (what.startsWith('C-')) on.type(what)
  else process.kill(pid, what)
  await waitUntil('the caller has its terminal back', () => on.read('after'), { timeoutMs: 60_000 })
  return { end: on.read('end'), heard: on.read('heard'), sane: on.read('before') === on.read('after') }
}

describe.skipIf(missing !== undefined)(`afterword trace in a terminal (${missing ?? 'nothing'} is missing)`, () => {
  test.each(WAYS)('trace is the bare command to its caller and its workload: %s', async (_way, prefix) => {
    const on = terminal()
    for (const [kind, what] of CASES) {
      const bare = await play(on, '', kind, what)
      expect(bare).toMatchObject({ sane: true, heard: expect.stringMatching(/^began 30 90\n/) })
      expect([kind, what, await play(on, prefix, kind, what)]).toEqual([kind, what, bare])
    }
  })

  test.each(WAYS)('trace passes on that the terminal was closed: %s', async (_way, prefix) => {
    const on = terminal()
    on.type(`${prefix} ${WORKLOAD} handles`, 'Enter')
    await waitUntil('the workload has begun', () => on.read('heard')?.includes('began'))
    on.kill()
    await waitUntil('the workload has heard of it', () => on.read('heard')?.includes('HUP'))
    const summary = await waitUntil('the session has its end', () => {
      const path = on.home.files().find((file) => file.endsWith('summary.json'))
      return path?.includes('/done/') && readOrNull(`${on.home.layout.directory}/${path}`)
    })
    const { exit_code, recovered } = JSON.parse(summary) as { exit_code: number; recovered: boolean }
    // The shell hangs up a second time, on all of the job: on a script(1) also that has just seen its workload off, and would pass on its 4.
    expect([exit_code === 129 ? 4 : exit_code, recovered]).toEqual([4, false])
  })

  test('trace --no-pty is stopped by Ctrl-Z with its workload, and goes on by fg', async () => {
    const on = terminal()
    on.type(`${TRACE} --no-pty -- ${WORKLOAD} handles`, 'Enter')
    await waitUntil('the workload has begun', () => on.read('heard')?.includes('began'))
    const workload = Number(on.read('workload'))
    const tracer = /^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${workload}/status`, 'utf8'))?.[1]
    const states = (): readonly (string | undefined)[] =>
      [workload, Number(tracer)].map((pid) => probeProcess(pid)?.state)
    on.type('C-z')
    // D: stopped between vfork and exec, it is the child that is in T, and its parent waits for it.
    await waitUntil('both are stopped', () => /^[TD]T$/.test(states().join('')))
    await waitUntil('the shell has its terminal', () => on.screen().includes('Stopped'))
    on.type('fg', 'Enter')
    await waitUntil('both run', () => !states().includes('T'))
    on.type('C-c')
    await waitUntil('the workload has heard it', () => on.read('heard')?.endsWith('INT\n'))
  })

  test('Ctrl-Z in a pseudo-terminal is lost: nobody there could continue what it stops', async () => {
    const on = terminal()
    on.type(`${TRACE} -- ${WORKLOAD} handles`, 'Enter')
    await waitUntil('the workload has begun', () => on.read('heard')?.includes('began'))
    on.type('C-z')
    on.type('C-c') // read after the other key
    await waitUntil('the workload has heard it', () => on.read('heard')?.endsWith('INT\n'))
  })
})
