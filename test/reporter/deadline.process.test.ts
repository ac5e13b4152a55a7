import { describe, expect, it } from 'vitest'
import { makeHome } from '../support/home.ts'
import { runNode } from '../support/run.ts'

const MODULE = JSON.stringify(new URL('../../dist/reporter/deadline.js', import.meta.url).href)

/** A program under a box of its own. `then` runs after it was armed. */
function boxed(then: string, box: 'inside' | 'outside', boxMs = 700): ReturnType<typeof runNode> {
  const program = `import { armDeadline } from ${MODULE}; const deadline = armDeadline(${boxMs}, '${box}'); ${then}`
  return runNode(['--input-type=module', '-e', program], { env: makeHome().env() })
}

describe('armDeadline()', () => {
  it.each([
    ['an endless loop', 'for (;;);', 'inside'],
    ['a wait without end', 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)', 'inside'],
    ['microtasks without end', 'const again = () => Promise.resolve().then(again); again()', 'inside'],
    ['a pattern that never matches', "/^(a+)+$/.test('a'.repeat(60) + 'b')", 'inside'],
    ['a process that waits', 'setInterval(() => {}, 1000)', 'inside'],
    ['a process that waits', 'setInterval(() => {}, 1000)', 'outside'],
    ['a refusal to end', "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)", 'outside'],
    ['a wall clock that jumped ahead', 'Date.now = () => 4e12; setInterval(() => {}, 1000)', 'outside'],
  ] as const)('ends %s (%s, box %s)', async (_, then, box) => {
    const { signal } = await boxed(then, box)
    expect(signal).toBe('SIGKILL')
  })

  it('holds nobody: a process that is done ends by itself', async () => {
    for (const box of ['inside', 'outside'] as const) {
      const { code, signal } = await boxed('', box, 30_000)
      expect([code, signal]).toEqual([0, null])
    }
  })

  it('counts the start of the process, and never below zero', async () => {
    const { stdout } = await boxed(
      'console.log(deadline.leftMs()); const end = Date.now() + 300; while (Date.now() < end); console.log(deadline.leftMs() < 29_700)',
      'outside',
      30_000,
    )
    const [left, spent] = stdout.trim().split('\n')
    expect(Number(left)).toBeLessThan(30_000)
    expect(spent).toBe('true')
    expect((await boxed('console.log(deadline.leftMs()); process.exit()', 'outside', 1)).stdout.trim()).toBe('0')
  })

  it('without threads there is no watchdog, and so no run', async () => {
    const { code, stdout } = await runNode(
      [
        '--input-type=module',
        '-e',
        `process.getBuiltinModule('node:worker_threads').Worker = class { constructor() { throw new Error('EAGAIN') } }
         const { armDeadline } = await import(${MODULE}); armDeadline(1000, 'inside'); console.log('ran')`,
      ],
      { env: makeHome().env() },
    )
    expect([code, stdout]).toEqual([1, ''])
  })
})
