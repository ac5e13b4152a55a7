import { expect, test } from 'vitest'
import { detectIdentityDrift } from '../../src/tracer/identity-drift.ts'
import type { ProcSnapshot } from '../../src/tracer/proc-snapshot.ts'
import { row } from './row.ts'

const TARGET = { pid: 42, comm: 'node', starttimeTicks: 4200 }

test.each<[string, readonly Partial<ProcSnapshot>[], readonly (readonly [string, number])[]]>([
  ['the same process', [{}, {}], []],
  ['other start ticks: once, at the first', [{}, { starttime_ticks: 9 }, { starttime_ticks: 9 }], [['critical', 1]]],
  ['the wrapper', [{ comm: 'script' }, {}], [['critical', 0]]],
  ['a rename, as Node 24 does', [{}, { comm: 'MainThread' }, { comm: 'MainThread' }], [['info', 1]]],
  [
    'a rename and then another process',
    [{ comm: 'x' }, { starttime_ticks: 1 }],
    [
      ['info', 0],
      ['critical', 1],
    ],
  ],
  ["what was exec'd may have any name", [{}, { comm: 'python', exec_seq: 1 }], []],
  ['rows without a name', [{ comm: '', starttime_ticks: 9 }, {}], []],
])('detectIdentityDrift() %s', (_, changes, found) => {
  const series = changes.map((changed, seq) => row(seq, changed))
  expect(detectIdentityDrift(series, TARGET).map(({ severity, seq }) => [severity, seq])).toEqual(found)
})

test('detectIdentityDrift() lets a workload be called script where the caller says so', () => {
  expect(detectIdentityDrift([row(0, { comm: 'script' })], { ...TARGET, comm: 'script' }, null)).toEqual([])
})
