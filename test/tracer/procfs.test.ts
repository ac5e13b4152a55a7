import { expect, test } from 'vitest'
import { parseIo, emptyIo } from '../../src/tracer/procfs/io.ts'
import { parseFdSoftLimit } from '../../src/tracer/procfs/limits.ts'
import { parseNumber } from '../../src/tracer/procfs/one-number.ts'
import { emptyStat, parseStat, STAT } from '../../src/tracer/procfs/stat.ts'
import { emptyStatus, parseStatus } from '../../src/tracer/procfs/status.ts'
import { encodeSnapshot, parseSnapshot } from '../../src/tracer/proc-snapshot.ts'
import { thinned } from '../../src/tracer/thinned.ts'
import { row } from './row.ts'

const parsed = (text: string) => {
  const bytes = Buffer.from(text)
  const fields = emptyStat()
  return { ok: parseStat(bytes, bytes.length, fields), fields }
}

const AFTER = 'S 7 1 1 0 -1 4194560 92 0 3 0 10 20 1 2 20 0 5 0 721790 2654208 367 1 2'

test.each(['node', ') R 1 (\n x', '(', ')))', 'a b c', ''])(
  'parseStat() counts from the last parenthesis: %j',
  (comm) => {
    const { ok, fields } = parsed(`42 (${comm}) ${AFTER}\n`)
    const { at } = fields
    expect([ok, fields.comm, fields.state, at[STAT.ppid], at[STAT.utime], at[STAT.threads]]).toEqual([
      true,
      comm,
      'S',
      7,
      10,
      5,
    ])
    expect([at[STAT.starttime], at[STAT.rssPages]]).toEqual([721790, 367])
    expect(at[STAT.argStart]).toBeNaN()
  },
)

test.each(['', '42', '42 (x', '42 (x)', '42 (x) S', `42 (x) ${AFTER.slice(0, 20)}`])(
  'parseStat() refuses %j',
  (text) => {
    expect(parsed(text).ok).toBe(false)
  },
)

test('parseStatus() leaves out what a zombie has not, and keeps nothing of the process before', () => {
  const fields = emptyStatus()
  const parse = (text: string): void => parseStatus(Buffer.from(text), Buffer.byteLength(text), fields)
  parse('Name:\ta\\nVmRSS:\t1 kB\nVmHWM:\t   20 kB\nVmRSS:\t   10 kB\nThreads:\t1\nShdPnd:\t0000000000004000\n')
  expect(fields).toMatchObject({ VmHWM: 20, VmRSS: 10, ShdPnd: '0000000000004000', SigPnd: null })
  parse('Name:\tx\nState:\tZ (zombie)\nnonvoluntary_ctxt_switches:\t3')
  expect(fields).toEqual({ ...emptyStatus(), nonvoluntary_ctxt_switches: 3 })
})

test('the small parsers', () => {
  const io = emptyIo()
  const text = Buffer.from(
    'rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 5\nwrite_bytes: 6\ncancelled_write_bytes: 7\n',
  )
  expect([parseIo(text, text.length, io), io]).toEqual([true, { rchar: 1, wchar: 2, readBytes: 5, writeBytes: 6 }])
  expect(parseIo(text, 12, emptyIo())).toBe(false)
  const number = (value: string, nth?: number): number | null => parseNumber(Buffer.from(value), value.length, nth)
  expect([number('666\n'), number('-500\n'), number('12 34 5\n', 1), number('')]).toEqual([666, -500, 34, null])
  const limit = (value: string): number | null =>
    parseFdSoftLimit(Buffer.from(`Limit\nMax open files            ${value} \n`), 60)
  expect([limit('1024    4096   files'), limit('unlimited   x'), limit('')]).toEqual([1024, -1, null])
})

test('parseSnapshot() reads what encodeSnapshot() wrote, and no torn prefix of it', () => {
  const line = encodeSnapshot(row(3, { comm: 'a\nb)' }))
  expect(line).not.toContain('\n')
  expect(parseSnapshot(line)).toEqual(row(3, { comm: 'a\nb)' }))
  for (let length = 0; length < line.length; length += 1) expect(parseSnapshot(line.slice(0, length))).toBeNull()
  expect(['null', '{}', '[]', '7'].map(parseSnapshot)).toEqual([null, null, null, null])
})

test('thinned() halves the older half and keeps the first row', () => {
  let kept: number[] = []
  for (let i = 0; i < 1000; i += 1) kept = thinned([...kept, i], 10)
  expect(kept.length).toBeLessThanOrEqual(10)
  expect([kept[0], kept.at(-1)]).toEqual([0, 999])
})
