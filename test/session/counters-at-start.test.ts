import fs from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  type CountersAtStart,
  countersSince,
  NO_COUNTERS,
  readCountersAtStart,
} from '../../src/session/counters-at-start.ts'
import { judgeRecoveredOom } from '../../src/session/recovered-summary.ts'
import type { SessionRecord } from '../../src/session/session-record.ts'
import type { ProcSnapshot } from '../../src/tracer/proc-snapshot.ts'
import { makeHome } from '../support/home.ts'
import { row } from '../tracer/row.ts'

const VERSIONS = [
  ['1', '4:memory:/a/b\n1:cpu:/\n0::/\n', 'memory/a/b', 'memory.oom_control', 'memory.limit_in_bytes'],
  ['2', '0::/a/b\n', 'a/b', 'memory.events', 'memory.max'],
] as const

describe.each(VERSIONS)('a workload in a memory cgroup of version %s', (_, cgroup, path, counts, limit) => {
  function machine() {
    const { path: home } = makeHome()
    const roots = { procRoot: `${home}/proc`, cgroupRoot: `${home}/cgroup` }
    const folder = `${roots.cgroupRoot}/${path}`
    const killed = (inCgroup: number, onMachine: number): void => {
      fs.writeFileSync(`${folder}/${counts}`, `oom 3\noom_kill ${inCgroup}\noom_group_kill 0\n`)
      fs.writeFileSync(`${roots.procRoot}/vmstat`, `pgfault 1\noom_kill ${onMachine}\n`)
    }
    fs.mkdirSync(`${roots.procRoot}/42`, { recursive: true })
    fs.mkdirSync(folder, { recursive: true })
    fs.writeFileSync(`${roots.procRoot}/42/cgroup`, cgroup)
    fs.writeFileSync(`${roots.procRoot}/meminfo`, 'MemTotal:        8000000 kB\n')
    fs.writeFileSync(`${folder}/${limit}`, `${64 * 2 ** 20}\n`)
    killed(2, 5)
    // As it comes back from session.json.
    const start = JSON.parse(JSON.stringify(readCountersAtStart(42, roots))) as CountersAtStart
    const judged = (...snapshots: readonly ProcSnapshot[]) =>
      judgeRecoveredOom({
        record: {} as SessionRecord,
        trace: { sessionId: '', snapshots },
        counters: countersSince(start, roots),
      })
    return { start, folder, killed, judged }
  }

  test('readCountersAtStart() has its counts, its limit and which cgroup it is', () => {
    const { start, folder } = machine()
    expect(start).toMatchObject({ vmstat_oom_kill: 5, cgroup_oom_kill: 2, memory_limit_kb: 64 * 1024 })
    expect(start.memory_cgroup?.folder).toBe(folder)
  })

  test('judgeRecoveredOom() is confirmed when its cgroup counted a kill', () => {
    const { killed, judged } = machine()
    expect(judged(row(0))).toBe(null)
    killed(3, 6)
    expect(judged()).toBe('confirmed')
  })

  test('judgeRecoveredOom() takes no kill elsewhere on the machine for its own, unless it was seen to end by SIGKILL', () => {
    const { killed, judged } = machine()
    killed(2, 6)
    expect(judged(row(0))).toBe(null)
    expect(judged(row(0), row(1, { state: 'zombie', wait_status: 9 }))).toBe('probable')
  })

  test('judgeRecoveredOom() does not contradict an end that was seen', () => {
    const { killed, judged } = machine()
    killed(3, 6)
    expect(judged(row(0, { state: 'zombie', wait_status: 0 }))).toBe(null)
    expect(judged(row(0, { state: 'zombie', wait_status: 11 }))).toBe(null)
    expect(judged(row(0, { state: 'zombie', wait_status: 137 << 8 }))).toBe('confirmed') // a wrapper of its own says it so
  })

  test('judgeRecoveredOom() knows nothing of a cgroup that is gone, or was made anew under its name', () => {
    const { folder, killed, judged } = machine()
    killed(3, 6)
    fs.renameSync(folder, `${folder}-before`)
    expect(judged()).toBe(null)
    fs.cpSync(`${folder}-before`, folder, { recursive: true })
    expect(judged()).toBe(null)
  })
})

test('readCountersAtStart() is whole nulls where nothing can be read, and judges nothing', () => {
  const nowhere = { procRoot: '/nowhere', cgroupRoot: '/nowhere' }
  expect(readCountersAtStart(42, nowhere)).toEqual(NO_COUNTERS)
  const trace = { sessionId: '', snapshots: [] }
  const left = { record: {} as SessionRecord, trace, counters: countersSince(NO_COUNTERS) }
  expect(judgeRecoveredOom(left)).toBe(null)
  expect(judgeRecoveredOom({ ...left, counters: null })).toBe(null)
})

test.each<readonly [string, object]>([
  ['of another version', {}],
  ['with a cgroup that is none', { ...NO_COUNTERS, memory_cgroup: { folder: 7, version: 3 } }],
  ['with texts', { ...NO_COUNTERS, vmstat_oom_kill: '5', cgroup_oom_kill: '5' }],
])('countersSince() what a record says is no reason to throw, and tells of no kill: %s', (_, recorded) => {
  const counters = countersSince(recorded as CountersAtStart)
  const trace = { sessionId: '', snapshots: [row(0, { state: 'zombie', wait_status: 9 })] }
  expect(judgeRecoveredOom({ record: {} as SessionRecord, trace, counters })).toBe(null)
})
