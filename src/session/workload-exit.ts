import type { ChildProcess } from 'node:child_process'
import { constants } from 'node:os'
import { guessSignal } from './pty.ts'

/** How the workload left. */
export interface WorkloadExit {
  /** 0 to 255; 128 + n for signal n. */
  readonly returncode: number
  readonly signal: NodeJS.Signals | null
  /** False: guessed from script's 128 + n, or script's own end. */
  readonly signalExact: boolean
}

/** Resolves when the child was reaped; also if that was before the call. Never rejects. */
export async function exitOf(child: ChildProcess, wrapped: boolean): Promise<WorkloadExit> {
  if (child.exitCode === null && child.signalCode === null)
    await new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const { exitCode, signalCode } = child
  if (signalCode !== null)
    return { returncode: 128 + constants.signals[signalCode], signal: signalCode, signalExact: !wrapped }
  const returncode = exitCode ?? 0
  const guess = wrapped ? guessSignal(returncode, constants.signals) : null
  return { returncode, signal: guess, signalExact: guess === null }
}

/** What a shell says of a command that it could not run. */
export function returncodeOfFailure(code: string): number {
  return code === 'ENOENT' ? 127 : 126
}
