import { expect, test } from 'vitest'
import { commDrifted, trackedCommOf } from '../../src/session/tracked-comm.ts'
import type { ProcSnapshot } from '../../src/tracer/proc-snapshot.ts'
import { row } from '../tracer/row.ts'

/** The row before the gate, and then each name when it was seen. */
function seen(...looks: readonly (readonly [comm: string, ms: number])[]): readonly ProcSnapshot[] {
  const after = looks.map(([comm, ms], i) => row(i + 1, { comm, mono_ns: ms * 1e6, exec_seq: 1 }))
  return [row(0, { comm: 'sh', mono_ns: 0 }), ...after]
}
const at = (ms: number): number => ms * 1e6

test.each([
  [
    'a launcher that many early looks saw',
    seen(['env', 10], ['env', 25], ['env', 50], ['node', 100]),
    at(1000),
    'node',
  ],
  ['a look at each: the end belongs to the last', seen(['bash', 2], ['sleep', 500]), at(1000), 'sleep'],
  ['another only at its end', seen(['make', 10], ['make', 5000], ['cc', 5001]), at(5010), 'make'],
  ['a name that came back', seen(['a', 10], ['b', 400], ['a', 700]), at(1000), 'a'],
  [
    'rows that were thinned out',
    seen(['old', 0], ['old', 60_000], ['new', 60_100], ['new', 60_200]),
    at(60_300),
    'old',
  ],
  ['two carried equally long: the later', seen(['a', 100], ['b', 200]), at(250), 'b'],
  ['two in one moment: the later', seen(['a', 0], ['b', 0]), null, 'b'],
  ['an end nobody saw', seen(['make', 10], ['make', 5000], ['cc', 5001]), null, 'make'],
  ['one look, which is its end', seen(['make', 10]), null, 'make'],
  ['a clock that stood still before its last row', seen(['make', 10]), at(5), 'make'],
  ['nobody looked at it again', seen(), at(1000), 'fifteen-bytes-l'],
  ['not watched', [], at(1000), null],
])('trackedCommOf(): %s', (_, rows, endNs, comm) => {
  expect(trackedCommOf(rows, '/usr/bin/fifteen-bytes-long', endNs)).toBe(comm)
})

test('commDrifted() does not take the shell before the gate for another name', () => {
  expect(commDrifted(seen(['make', 10], ['make', 25]))).toBe(false)
  expect(commDrifted(seen(['env', 10], ['make', 25]))).toBe(true)
})
