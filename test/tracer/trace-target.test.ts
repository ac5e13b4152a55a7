import fs from 'node:fs'
import { expect, test } from 'vitest'
import { startTracing } from '../../src/tracer/start-tracing.ts'
import { TraceTarget, traceTargetFromPid } from '../../src/tracer/trace-target.ts'

const RECORDED = new URL('../recordings/proc-6.18-odd-name', import.meta.url).pathname

test('TraceTarget cannot be constructed from outside: a type error, and a TypeError', () => {
  // @ts-expect-error the constructor is private
  expect(() => new TraceTarget(1, {})).toThrow(TypeError)
  // @ts-expect-error so it is without arguments
  expect(() => new TraceTarget()).toThrow(/making a TraceTarget/)
})

test('startTracing() takes nothing but a TraceTarget: a type error, and a TypeError', () => {
  const target = traceTargetFromPid(process.pid)
  // @ts-expect-error a pid is no target
  expect(() => startTracing(process.pid)).toThrow(TypeError)
  // @ts-expect-error nor is an object of its shape
  expect(() => startTracing({ ...target })).toThrow(TypeError)
  expect(() => startTracing(Object.create(TraceTarget.prototype) as TraceTarget)).toThrow(TypeError)
  expect(() => startTracing(target, { interval: 1 } as object)).toThrow(/unknown option "interval"/)
  expect(() => startTracing(target, { intervalMs: 0 })).toThrow(TypeError)
})

test('traceTargetFromPid() reads a recorded process whose name has a parenthesis and a newline', () => {
  const target = traceTargetFromPid(4242, { procRoot: RECORDED, wallMs: () => 0 })
  const fields = { comm: ') R 1 (\n x', cmdline: ['sh', '-c', 'sleep 8 & wait'], starttimeTicks: 721790 }
  expect({ ...target }).toEqual({ pid: 4242, ...fields, resolvedAt: '1970-01-01T00:00:00.000Z' })
})

test.each([0, -1, 1.5, Number.NaN, 2 ** 22 + 7])(
  'traceTargetFromPid(%s) never throws; what it cannot read is empty',
  (pid) => {
    expect(traceTargetFromPid(pid)).toMatchObject({ pid, comm: '', cmdline: [], starttimeTicks: 0 })
  },
)

test('no pid reaches what samples: only the door, the hold and the resolver take one', () => {
  const folder = new URL('../../src/tracer/', import.meta.url).pathname
  const files = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  // A parameter called pid or somethingPid of type number, in an exported function.
  const taking = files.filter((name) =>
    /export (async )?function \w+\([^)]*\b(pid|\w+Pid): number/.test(fs.readFileSync(folder + name, 'utf8')),
  )
  expect(taking.sort()).toEqual([
    'procfs/held-process.ts',
    'procfs/session-counters.ts', // cgroups of a held process
    'resolve-trace-target.ts',
    'trace-target.ts',
    'tree-member.ts', // descendants of the held one
  ])
  const holding = files.filter((name) => /\bholdProcess\(/.test(fs.readFileSync(folder + name, 'utf8')))
  expect(holding.sort()).toEqual([
    'procfs/held-process.ts',
    'resolve-trace-target.ts',
    'start-tracing.ts', // target.pid, and the start ticks compared
    'trace-target.ts',
  ])
  const starting = fs.readFileSync(`${folder}start-tracing.ts`, 'utf8')
  expect(starting).toContain('TraceTarget.is(target)')
  expect(starting.match(/startTracing\(\s*target: TraceTarget,/)).not.toBeNull()
})
