import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { expect, test } from 'vitest'
import { readAnomalies, readTrace } from '../../src/session/read-trace.ts'
import { encodeSnapshot } from '../../src/tracer/proc-snapshot.ts'
import { makeHome } from '../support/home.ts'
import { row, rows } from '../tracer/row.ts'

const FIRST = '{"schema_version":2,"session_id":"an id"}'
const LINES = rows(3, () => ({})).map(encodeSnapshot)

function fileWith(text: string): string {
  const path = `${makeHome().path}/proc_trace.jsonl`
  fs.writeFileSync(path, text)
  return path
}

test.each<readonly [string, string, string | null, readonly number[]]>([
  ['is whole', [FIRST, ...LINES, ''].join('\n'), 'an id', [0, 1, 2]],
  ['has a torn last line', [FIRST, ...LINES].join('\n').slice(0, -9), 'an id', [0, 1]],
  [
    'has a bad line: what comes after it does not count',
    [FIRST, LINES[0], '{"seq":', LINES[2], ''].join('\n'),
    'an id',
    [0],
  ],
  ['has no rows', `${FIRST}\n`, 'an id', []],
  ['has not even a first line', FIRST, null, []],
  ['begins with a row', `${LINES[0]}\n`, null, []],
  ['is empty', '', null, []],
])('readTrace() of one that %s', (_, text, sessionId, seqs) => {
  const trace = readTrace(fileWith(text))
  expect([trace.sessionId, trace.snapshots.map(({ seq }) => seq)]).toEqual([sessionId, seqs])
})

test('readTrace() of more than a day has its beginning and its last minutes', () => {
  const path = fileWith(`${FIRST}\n`)
  const descriptor = fs.openSync(path, 'a')
  let seq = 0
  for (let bytes = 0; bytes < 17 * 2 ** 20; seq += 1) bytes += fs.writeSync(descriptor, `${encodeSnapshot(row(seq))}\n`)
  fs.writeSync(descriptor, '{"event":"snapsh')
  fs.closeSync(descriptor)
  const { snapshots } = readTrace(path)
  expect(snapshots[0]).toEqual(row(0))
  expect(snapshots.at(-1)).toEqual(row(seq - 1))
  expect(snapshots.length).toBeLessThan(seq)
  const seqs = snapshots.map((each) => each.seq)
  expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b))
})

test('readTrace() and readAnomalies() follow no link, wait for no pipe, and throw for nothing', () => {
  const { path } = makeHome()
  fs.writeFileSync(`${path}/real`, [FIRST, ...LINES, ''].join('\n'))
  fs.symlinkSync(`${path}/real`, `${path}/link`)
  execFileSync('mkfifo', [`${path}/pipe`])
  for (const name of ['link', 'pipe', 'nothing', '']) {
    expect(readTrace(`${path}/${name}`)).toEqual({ sessionId: null, snapshots: [] })
    expect(readAnomalies(`${path}/${name}`)).toEqual([])
  }
})
