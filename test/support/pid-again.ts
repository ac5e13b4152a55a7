import { readFileSync, writeFileSync } from 'node:fs'
import { type Running, start } from './run.ts'
import { waitUntil } from './wait-until.ts'

/**
 * Ends this process and gives its number to another, a `sleep`. Resolves with a reason when that cannot be had.
 * Start times count in hundredths of a second: a number used again within the same one could not be told apart by them.
 */
export async function pidAgain(
  first: Running,
  startTicks: number,
): Promise<'reused' | 'ns_last_pid is written by root alone'> {
  const ticksNow = (): number => Number(readFileSync('/proc/uptime', 'latin1').split(' ')[0]) * 100
  await waitUntil('a later start has another time', () => ticksNow() > startTicks + 2)
  first.child.kill('SIGKILL')
  await first.finished
  return waitUntil('the number is used again', () => {
    try {
      writeFileSync('/proc/sys/kernel/ns_last_pid', String(first.pid - 1))
    } catch {
      return 'ns_last_pid is written by root alone'
    }
    return start('sleep', ['60']).pid === first.pid ? 'reused' : null
  })
}
