/**
 * The box from inside: this process is dead at its deadline, whatever it hangs on. Imported first by main.ts, so that it is armed
 * before anything else is evaluated.
 *
 * `process.exit` is no hard stop (libuv joins its thread pool, and a name look-up on a dead resolver holds it for up to 56 s:
 * docs/evidence.md, Node), so the end is SIGKILL to ourselves. A timer covers what hangs without blocking; where no outside box
 * (`timeout -s KILL`) stands around us, a worker covers a blocked main thread too. No watchdog, no run.
 *
 * Monotonic clocks stand still while a machine sleeps: both clocks are looked at, in steps.
 */
const STEP_MS = 250

export interface Deadline {
  /** Milliseconds left until the SIGKILL, never negative. */
  leftMs(): number
}

/** Arms the box. Throws only when a worker is needed and cannot be had. */
export function armDeadline(boxMs: number, box: 'outside' | 'inside'): Deadline {
  // The time this process has already spent starting counts as well.
  const startedMs = Math.round(process.uptime() * 1000)
  const left = (): number => Math.max(0, boxMs - Math.round(process.uptime() * 1000))
  const wallEndMs = Date.now() + boxMs - startedMs
  if (box === 'inside') startWatchdog(left(), wallEndMs)
  const timer = setInterval(() => {
    if (left() === 0 || Date.now() >= wallEndMs) process.kill(process.pid, 'SIGKILL')
  }, STEP_MS)
  timer.unref() // what hangs holds the loop itself; what does not hang has ended
  return { leftMs: left }
}

const WATCHDOG = `
const { workerData } = require('node:worker_threads')
const cell = new Int32Array(new SharedArrayBuffer(4))
const end = performance.now() + workerData.leftMs
for (let left; (left = Math.min(end - performance.now(), workerData.wallEndMs - Date.now())) > 0; )
  Atomics.wait(cell, 0, 0, Math.min(left, ${STEP_MS}))
process.kill(process.pid, 'SIGKILL')
`

function startWatchdog(leftMs: number, wallEndMs: number): void {
  const { Worker } = process.getBuiltinModule('node:worker_threads')
  // A string, so that a deleted package cannot take it away. Below 8 MB the limit kills the worker itself (docs/evidence.md, Node).
  const worker = new Worker(WATCHDOG, {
    eval: true,
    env: {},
    execArgv: [],
    stdin: false,
    workerData: { leftMs, wallEndMs },
    resourceLimits: { maxOldGenerationSizeMb: 16 },
  })
  worker.on('error', () => process.kill(process.pid, 'SIGKILL'))
  worker.unref()
}
