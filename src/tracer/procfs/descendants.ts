import fs from 'node:fs'
import { openProcFile } from './proc-file.ts'
import { scratch } from './scratch.ts'

/**
 * The children of a process, out of `task/TID/children` of each of its threads: a child belongs to the thread that forked it. Empty
 * when the process is gone or the kernel has no such file. The kernel may skip entries while children exit; the next look finds them.
 *
 * `directory` is `/proc/PID`, or a held process's `path('.')`.
 */
export function childrenOf(directory: string): readonly number[] {
  const pids: number[] = []
  for (const thread of threadsOf(directory)) {
    const file = openProcFile(`${directory}/task/${thread}/children`, false)
    const length = file.read()
    if (typeof length === 'number') parsePids(length, pids)
  }
  return pids
}

/** Adds the numbers in the first `length` bytes of the scratch buffer to `into`. */
export function parsePids(length: number, into: number[]): void {
  let value = 0
  for (let i = 0; i < length; i += 1) {
    const digit = (scratch[i] as number) - 0x30
    if (digit >= 0 && digit <= 9) value = value * 10 + digit
    else if (value > 0) {
      into.push(value)
      value = 0
    }
  }
  if (value > 0) into.push(value)
}

/** Empty when the process is gone. */
export function threadsOf(directory: string): readonly string[] {
  try {
    return fs.readdirSync(`${directory}/task`)
  } catch {
    return []
  }
}
