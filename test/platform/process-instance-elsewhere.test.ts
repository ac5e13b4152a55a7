import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  currentInstance,
  isProcessInstance,
  judgeInstance,
  type ProcessInstance,
  type ProcessProbe,
  probeProcess,
} from '../../src/platform/process-instance.ts'

const HERE: ProcessInstance = {
  pid: 100,
  start_ticks: 5_000,
  boot_id: 'boot-a',
  pid_namespace: 'pid:[1]',
  host_name: 'ada',
}

/** A /proc with one process in it. */
function proc(stat: string): string {
  const root = mkdtempSync(join(tmpdir(), 'proc-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  for (const folder of ['self/ns', '42', 'sys/kernel/random']) mkdirSync(join(root, folder), { recursive: true })
  for (const pid of ['self', '42']) writeFileSync(join(root, pid, 'stat'), stat)
  symlinkSync('pid:[4026531836]', join(root, 'self/ns/pid'))
  writeFileSync(join(root, 'sys/kernel/random/boot_id'), 'boot-a\n')
  writeFileSync(join(root, 'sys/kernel/hostname'), 'ada\n')
  return root
}

const STAT = `42 (evil) name (S) R 1 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 777 1000 200`

describe('currentInstance()', () => {
  it('reads ticks, boot, namespace and host from /proc, whatever the command is called', () => {
    expect(currentInstance(proc(STAT))).toEqual({
      pid: process.pid,
      start_ticks: 777,
      boot_id: 'boot-a',
      pid_namespace: 'pid:[4026531836]',
      host_name: 'ada',
    })
  })

  it('knows pid and host alone without /proc', () => {
    const none = { start_ticks: null, boot_id: null, pid_namespace: null }
    expect(currentInstance(null)).toEqual({ pid: process.pid, ...none, host_name: hostname() })
  })
})

describe('probeProcess()', () => {
  it('gives state and ticks', () => {
    expect(probeProcess(42, proc(STAT))).toEqual({ state: 'R', startTicks: 777 })
    expect(probeProcess(43, proc(STAT))).toBeNull()
  })

  it('asks the system by signal 0 without /proc', () => {
    expect(probeProcess(process.pid, null)).toEqual({ state: '?', startTicks: null })
    expect(probeProcess(2 ** 22 + 1, null)).toBeNull()
  })
})

describe('judgeInstance()', () => {
  const alive: ProcessProbe = { state: 'S', startTicks: 5_000 }

  it.each<[string, Partial<ProcessInstance>, Partial<ProcessInstance>, ProcessProbe | null, string]>([
    ['it runs', {}, {}, alive, 'alive'],
    ['its pid is free', {}, {}, null, 'gone'],
    ['it is a zombie', {}, {}, { ...alive, state: 'Z' }, 'gone'],
    ['it is dead', {}, {}, { ...alive, state: 'X' }, 'gone'],
    ["its pid is another's", {}, {}, { ...alive, startTicks: 6_000 }, 'gone'],
    ['its ticks are not known', { start_ticks: null }, {}, alive, 'alive'],
    ['this host was booted again', {}, { boot_id: 'boot-b' }, alive, 'gone'],
    ['another host', {}, { boot_id: 'boot-b', host_name: 'bea' }, null, 'unknown'],
    ['another container', {}, { pid_namespace: 'pid:[2]' }, null, 'unknown'],
    ['no boot id, this host', { boot_id: null }, { boot_id: null }, null, 'gone'],
    ['no boot id, another host', { boot_id: null }, { boot_id: null, host_name: 'bea' }, null, 'unknown'],
    ['neither boot id nor host name', { host_name: null }, { boot_id: 'boot-b', host_name: null }, null, 'unknown'],
  ])('%s', (_, seen, here, probe, verdict) => {
    expect(judgeInstance({ ...HERE, ...seen }, { ...HERE, ...here }, () => probe)).toBe(verdict)
  })
})

describe('isProcessInstance()', () => {
  it.each<[unknown, boolean]>([
    [HERE, true],
    [{ ...HERE, start_ticks: null, boot_id: null }, true],
    [{ ...HERE, pid: 0 }, false],
    [{ ...HERE, pid: 1.5 }, false],
    [{ ...HERE, boot_id: 1 }, false],
    [null, false],
    ['100', false],
  ])('%j: %s', (value, is) => {
    expect(isProcessInstance(value)).toBe(is)
  })
})
