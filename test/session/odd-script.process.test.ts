/** Other programs named `script` than the one we mean, and none: the workload runs once, whatever becomes of its terminal. */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { resolveWorkloadPid } from '../../src/session/workload-pid.ts'
import { runSession } from '../../src/session/run-session.ts'
import { childrenOf, start } from '../support/run.ts'
import { waitUntil } from '../support/wait-until.ts'

const SCRIPT = '/usr/bin/script'
const withoutScript = existsSync(SCRIPT) ? null : 'script(1) is not installed'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(process.env['AFTERWORD_TEST_HOME'] ?? '/tmp', 'script-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
})

/** The first `script` on this process's PATH is that shell line, or none is there at all. */
function scriptIs(line: string | null): void {
  const before = process.env['PATH'] ?? ''
  mkdirSync(`${folder}/bin`)
  if (line !== null) writeProgram(`${folder}/bin/script`, `#!/bin/sh\n${line}\n`)
  else for (const name of ['sh', 'sleep', 'stty', 'tty']) symlinkSync(`/usr/bin/${name}`, `${folder}/bin/${name}`)
  process.env['PATH'] = line === null ? `${folder}/bin` : `${folder}/bin:${before}`
  onTestFinished(() => {
    process.env['PATH'] = before
  })
}

function writeProgram(path: string, text: string): void {
  writeFileSync(path, text)
  chmodSync(path, 0o755)
}

/** A workload that counts its runs, says whether it has a terminal, and lives as long as it is told. */
function workload(seconds: string) {
  const line = `echo run >> ${folder}/runs; test -t 1 && echo terminal || echo none; sleep ${seconds}; exit 5`
  return { command: '/bin/sh', args: ['-c', line], pty: true }
}
const runs = (): string => readFileSync(`${folder}/runs`, 'utf8')

// What BusyBox's script says of an option that it does not know.
const KNOWS_NO_E = `echo "script: invalid option -- 'e'" >&2; exit 1`

test.each([
  ['none on the PATH', null],
  ['one that does not know our options', KNOWS_NO_E],
  [
    'one that finds no terminal',
    'echo "script: failed to create pseudo-terminal: No such file or directory" >&2; exit 1',
  ],
])('runSession() runs the workload without a terminal where there is no usable script: %s', async (_, line) => {
  scriptIs(line)
  const result = await runSession(workload('0.1'))
  expect([result.stdout, result.returncode, result.stderr, runs()]).toEqual(['none\n', 5, '', 'run\n'])
  expect(result.trace).toEqual({ status: 'full', reason: null })
})

describe.skipIf(withoutScript !== null)(
  `script(1) behind somebody else (${withoutScript ?? 'it is installed'})`,
  () => {
    test("runSession() takes script's only child where the gate cannot be had", async () => {
      scriptIs(`exec ${SCRIPT} "$@" 3>&- 4>&-`)
      let pid = 0
      const result = await runSession({ ...workload('1'), onStart: (found) => (pid = found) })
      expect([result.stdout.trim(), result.returncode, runs()]).toEqual(['terminal', 5, 'run\n'])
      expect(result.trace).toEqual({ status: 'full', reason: null })
      expect([result.pid, new Set(result.procSnapshots?.map((row) => row.pid))]).toEqual([pid, new Set([pid])])
      expect(result.procSnapshots?.map(({ comm }) => comm)).not.toContain('script')
    })

    test('runSession() runs a workload once that was over before anything was heard of it', async () => {
      scriptIs(`${SCRIPT} "$@" 3>&- 4>&-`) // a shell that stays, and holds descriptor 3
      const result = await runSession(workload('0'))
      expect([result.returncode, runs()]).toEqual([5, 'run\n'])
      expect(result.trace).toEqual({ status: 'unresolved', reason: 'wrapper-gone' })
    })

    test('runSession() runs the workload untraced, and says so, where nobody can be told for it', async (ctx) => {
      if (start('unshare', ['--pid', '--fork', 'true']).pid < 0 || process.getuid?.() !== 0)
        return ctx.skip('only root makes pid namespaces')
      // The shim tells a pid of another namespace, and the only child is a script(1).
      scriptIs(`exec unshare --pid --fork ${SCRIPT} "$@"`)
      const result = await runSession(workload('0.2'))
      expect([result.stdout.trim(), result.returncode, runs()]).toEqual(['terminal', 5, 'run\n'])
      expect(result).toMatchObject({
        pid: null,
        trace: { status: 'unresolved', reason: 'not-ours' },
        procSnapshots: null,
      })
    })

    test('runSession() ends an untraced workload at its limit as well', async (ctx) => {
      if (process.getuid?.() !== 0) return ctx.skip('only root makes pid namespaces')
      scriptIs(`exec unshare --pid --fork ${SCRIPT} "$@"`)
      const result = await runSession({ ...workload('600'), limits: { timeoutMs: 500 } })
      expect(result).toMatchObject({ termination: 'timed_out', trace: { status: 'unresolved' } })
    })
  },
)

test('resolveWorkloadPid() names the only child, and nobody where that is a guess', async () => {
  const childOf = async (line: string, count: number): Promise<number> => {
    const { pid } = start('sh', ['-c', line])
    onTestFinished(() => {
      for (const child of childrenOf(pid)) process.kill(Number(child), 'SIGKILL')
    })
    await waitUntil(`${count} children`, () => childrenOf(pid).length === count)
    return pid
  }
  const resolve = (childPid: number, reported: number | null = null) =>
    resolveWorkloadPid({ childPid, wrapped: true, reported })

  const one = await childOf('sleep 600; :', 1)
  const [only] = childrenOf(one).map(Number)
  await waitUntil('it is sleep', () => readFileSync(`/proc/${only}/comm`, 'utf8') === 'sleep\n')
  expect(resolve(one)).toEqual({ kind: 'resolved', pid: only, by: 'only-child' })
  expect(resolve(one, only)).toEqual({ kind: 'resolved', pid: only, by: 'gate' })
  // Told by somebody who is no child of it: not believed.
  expect(resolve(one, process.pid)).toEqual({ kind: 'resolved', pid: only, by: 'only-child' })
  expect(resolve(await childOf('sleep 600 & sleep 600; :', 2))).toEqual({ kind: 'unresolved', reason: 'many-children' })
  expect(resolve(only ?? 0)).toEqual({ kind: 'unresolved', reason: 'no-child' })
  expect(resolve(2 ** 22 + 9)).toEqual({ kind: 'unresolved', reason: 'wrapper-gone' })
  expect(resolveWorkloadPid({ childPid: 42, wrapped: false, reported: null })).toMatchObject({ pid: 42, by: 'child' })

  copyFileSync('/usr/bin/sleep', `${folder}/script`)
  const fork = await childOf(`${folder}/script 600; :`, 1)
  await waitUntil('it is a script', () => readFileSync(`/proc/${childrenOf(fork)[0]}/comm`, 'utf8') === 'script\n')
  expect(resolve(fork)).toEqual({ kind: 'unresolved', reason: 'not-ours' })
})

test.each([false, true])(
  'runSession() says spawn_failed of a script without its interpreter (pty: %s)',
  async (pty) => {
    writeProgram(`${folder}/gone`, '#!/no/such/interpreter -x\necho ran\n')
    writeProgram(`${folder}/dos`, '#!/bin/sh\r\necho ran\r\n')
    writeProgram(`${folder}/chain`, `#!${folder}/gone\n`)
    writeProgram(`${folder}/no-program`, '#!/etc/passwd\n')
    writeProgram(`${folder}/plain`, 'echo "ran as sh"\n')
    const codes = []
    for (const name of ['gone', 'dos', 'chain', 'no-program', 'plain']) {
      const { termination, returncode, stdout, stderr } = await runSession({ command: `${folder}/${name}`, pty })
      codes.push([name, termination, returncode, stdout + stderr])
    }
    expect(codes).toEqual([
      ['gone', 'spawn_failed', 127, ''],
      ['dos', 'spawn_failed', 127, ''],
      ['chain', 'spawn_failed', 127, ''],
      ['no-program', 'spawn_failed', 126, ''],
      ['plain', 'natural_exit', 0, 'ran as sh\n'], // as execvp(3) has it
    ])
  },
)
