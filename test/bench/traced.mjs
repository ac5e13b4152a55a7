/** Processes to be traced, and what tracing them costs. */
import { execFile, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { promisify } from 'node:util'

const start = promisify(execFile)

/** A tree of `count` sleeping processes, root included. Resolves once all are there. `end` kills it. */
export async function growTree(count) {
  const script = `i=1; while [ $i -lt ${count} ]; do sleep 600 & i=$((i+1)); done; exec sleep 600`
  const { pid } = spawn('sh', ['-c', script], { stdio: 'ignore', detached: true })
  if (pid === undefined) throw new Error('starting sh: it did not start')
  const end = () => process.kill(-pid, 'SIGKILL')
  process.on('exit', end) // somebody interrupts us
  const children = `/proc/${pid}/task/${pid}/children`
  const isGrown = () =>
    readFileSync(`/proc/${pid}/comm`, 'latin1') === 'sleep\n' &&
    readFileSync(children, 'latin1').trim().split(' ').filter(Boolean).length === count - 1
  while (!isGrown()) await after(10)
  return {
    pid,
    end() {
      process.off('exit', end)
      end()
    },
  }
}

/**
 * Tracing in a process of its own, or with pid 0 a timer of that rate: `{ share, rate, settleMs }`, the share of a core and the rows a second
 * (fewer than asked for on a busy machine) once `settleS` seconds are over, and the CPU before that.
 */
export async function shareOf(world, { pid, hz, settleS, seconds }) {
  const args = [join(world.folder, 'trace-for.mjs'), ...[pid, hz, settleS, seconds].map(String)]
  const { stdout } = await start(process.execPath, args, { cwd: world.folder })
  const { share, rows, settleMs } = JSON.parse(stdout)
  return { share, rate: rows / seconds, settleMs }
}
