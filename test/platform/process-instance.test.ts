import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  currentInstance,
  isProcessInstance,
  judgeInstance,
  type ProcessInstance,
  type ProcessProbe,
  probeProcess,
} from '../../src/platform/process-instance.ts'
import { makeHome } from '../support/home.ts'
import { waitUntil } from '../support/wait-until.ts'

/** A /proc/<pid>/stat line: field 3 is the state, field 22 the start. */
const statLine = (comm: string, state: string, ticks: number | string): string =>
  `4711 (${comm}) ${state} 1 4711 4711 0 -1 4194304 ${Array(10).fill('0').join(' ')} 1 0 ${ticks} 4096 100\n`

describe('probeProcess()', () => {
  it.each<[string, string, ProcessProbe]>([
    ['a plain name', statLine('node', 'S', 123), { state: 'S', startTicks: 123 }],
    ['a name with spaces', statLine('my cli tool', 'R', 5), { state: 'R', startTicks: 5 }],
    ['a name with parentheses', statLine('a) Z 1 (b', 'R', 77), { state: 'R', startTicks: 77 }],
    ['a name that ends in one', statLine('evil) ', 'D', 9), { state: 'D', startTicks: 9 }],
    ['a name with a line break', statLine('a\nb', 'T', 8), { state: 'T', startTicks: 8 }],
    ['a zombie', statLine('node', 'Z', 123), { state: 'Z', startTicks: 123 }],
    ['a torn line', '4711 (node) S 1 2', { state: 'S', startTicks: null }],
    ['ticks that are none', statLine('node', 'S', 'x'), { state: 'S', startTicks: null }],
  ])('reads %s', (_, line, expected) => {
    const { path } = makeHome()
    mkdirSync(`${path}/proc/4711`, { recursive: true })
    writeFileSync(`${path}/proc/4711/stat`, line)
    expect(probeProcess(4711, `${path}/proc`)).toEqual(expected)
    expect(probeProcess(4712, `${path}/proc`)).toBeNull()
  })

  it('knows a child that lives, one that nobody has waited for, and one that is gone', async () => {
    // The shell's child ends at once, and the shell, which has become `sleep`, never waits for it.
    const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] })
    onTestFinished(() => void parent.kill('SIGKILL'))
    const [said] = (await once(parent.stdout, 'data')) as [Buffer]
    const child = Number(said)
    await waitUntil('the child is a zombie', () => probeProcess(child)?.state === 'Z')
    expect(probeProcess(parent.pid as number)).toEqual({
      state: expect.stringMatching(/[RSD]/),
      startTicks: expect.any(Number),
    })
    parent.kill('SIGKILL')
    await once(parent, 'close')
    expect(probeProcess(parent.pid as number)).toBeNull()
  })
})

describe('probeProcess() without /proc', () => {
  it('asks the system by signal 0', () => {
    expect(probeProcess(process.pid, null)).toEqual({ state: '?', startTicks: null })
    expect(probeProcess(2 ** 22 + 1, null)).toBeNull()
  })
})

describe('currentInstance()', () => {
  it('is this process, exactly', () => {
    const here = currentInstance()
    expect(here).toEqual({
      pid: process.pid,
      start_ticks: Number(
        readFileSync('/proc/self/stat', 'utf8')
          .replace(/^.*\) /, '')
          .split(' ')[19],
      ),
      boot_id: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
      pid_namespace: readlinkSync('/proc/self/ns/pid'),
      host_name: hostname(),
    })
    expect(isProcessInstance(here)).toBe(true)
    expect(judgeInstance(here, here, probeProcess)).toBe('alive')
    expect(judgeInstance({ ...here, start_ticks: (here.start_ticks ?? 0) - 1 }, here, probeProcess)).toBe('gone')
  })

  it.each(['/nonexistent', null])('without /proc (%s) knows the host name alone', (root) => {
    expect(currentInstance(root)).toEqual({
      pid: process.pid,
      start_ticks: null,
      boot_id: null,
      pid_namespace: null,
      host_name: hostname(),
    })
  })

  it('reads another root', () => {
    const root = `${makeHome().path}/proc`
    mkdirSync(`${root}/self/ns`, { recursive: true })
    mkdirSync(`${root}/sys/kernel/random`, { recursive: true })
    writeFileSync(`${root}/self/stat`, statLine('x', 'R', 42))
    symlinkSync('pid:[7]', `${root}/self/ns/pid`)
    writeFileSync(`${root}/sys/kernel/random/boot_id`, 'boot\n')
    writeFileSync(`${root}/sys/kernel/hostname`, 'box\n')
    const expected = { start_ticks: 42, boot_id: 'boot', pid_namespace: 'pid:[7]', host_name: 'box' }
    expect(currentInstance(root)).toEqual({ pid: process.pid, ...expected })
  })
})

describe('judgeInstance()', () => {
  const HERE: ProcessInstance = { pid: 1, start_ticks: 1, boot_id: 'b', pid_namespace: 'n', host_name: 'h' }
  const seen = (more: Partial<ProcessInstance> = {}): ProcessInstance => ({
    ...HERE,
    pid: 7,
    start_ticks: 100,
    ...more,
  })
  const runs: ProcessProbe = { state: 'S', startTicks: 100 }
  const without = { boot_id: null, pid_namespace: null }

  it.each<[string, ProcessInstance, Partial<ProcessInstance>, ProcessProbe | null, string]>([
    ['no such pid', seen(), {}, null, 'gone'],
    ['it runs', seen(), {}, runs, 'alive'],
    ['a zombie', seen(), {}, { ...runs, state: 'Z' }, 'gone'],
    ['dead', seen(), {}, { ...runs, state: 'X' }, 'gone'],
    ['stopped', seen(), {}, { ...runs, state: 'T' }, 'alive'],
    ['the pid is reused', seen(), {}, { ...runs, startTicks: 101 }, 'gone'],
    ['its ticks were not known', seen({ start_ticks: null }), {}, runs, 'alive'],
    ['its ticks are not known now', seen(), {}, { ...runs, startTicks: null }, 'alive'],
    ['another namespace', seen({ pid_namespace: 'm' }), {}, null, 'unknown'],
    ['a namespace that was not known', seen({ pid_namespace: null }), {}, null, 'unknown'],
    ['another boot of this host', seen({ boot_id: 'a' }), {}, runs, 'gone'],
    ['another boot of this host, other namespace', seen({ boot_id: 'a', pid_namespace: 'm' }), {}, runs, 'gone'],
    ['another host', seen({ boot_id: 'a', host_name: 'g' }), {}, null, 'unknown'],
    ['another boot, no host name', seen({ boot_id: 'a', host_name: null }), { host_name: null }, null, 'unknown'],
    ['no /proc, this host', seen({ ...without, start_ticks: null }), without, null, 'gone'],
    [
      'no /proc, this host, it runs',
      seen({ ...without, start_ticks: null }),
      without,
      { state: '?', startTicks: null },
      'alive',
    ],
    ['no /proc, another host', seen({ ...without, host_name: 'g' }), without, null, 'unknown'],
  ])('%s', (_, instance, here, probe, expected) => {
    expect(judgeInstance(instance, { ...HERE, ...here }, () => probe)).toBe(expected)
  })
})

describe('isProcessInstance()', () => {
  const good: ProcessInstance = { pid: 7, start_ticks: 1, boot_id: 'b', pid_namespace: 'n', host_name: 'h' }
  it.each<[unknown, boolean]>([
    [good, true],
    [{ ...good, start_ticks: null, boot_id: null, pid_namespace: null, host_name: null }, true],
    [{ ...good, pid: 0 }, false],
    [{ ...good, pid: -1 }, false],
    [{ ...good, pid: 1.5 }, false],
    [{ ...good, pid: '7' }, false],
    [{ ...good, start_ticks: '1' }, false],
    [{ ...good, boot_id: 1 }, false],
    [{ pid: 7 }, false],
    [null, false],
    ['7', false],
  ])('%j is %s', (value, expected) => {
    expect(isProcessInstance(value)).toBe(expected)
  })
})
