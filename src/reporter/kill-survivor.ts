/** A reporter that outlived its lock hung before its own box existed. Only that very process is killed, never a reused pid. */
import { currentInstance, judgeInstance, probeProcess } from '../platform/process-instance.ts'
import type { LockContent } from './reporter-lock.ts'

export function killSurvivor(stale: LockContent | null): void {
  if (stale?.holder === undefined || stale.holder.pid === process.pid || stale.holder.start_ticks === null) return
  if (judgeInstance(stale.holder, currentInstance(), probeProcess) !== 'alive') return
  try {
    process.kill(stale.holder.pid, 'SIGKILL')
  } catch {
    // gone in the meantime, or not ours to kill
  }
}
