import type { ChildProcess } from 'node:child_process'
import { Socket } from 'node:net'

/**
 * After the exit: reads what is left in the pipes, at most `waitMs`, because a child in the background may hold them for hours. It
 * is no part of the session, and its pipe is not closed under its hands: what it still writes is read as long as this process lives.
 */
export async function drainOutput(child: ChildProcess, waitMs: number): Promise<void> {
  child.stdin?.destroy() // of script(1): open and unwritten until now
  const streams = [child.stdout, child.stderr].filter((stream) => stream !== null)
  const open = streams.filter((stream) => !stream.closed)
  if (open.length > 0) {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, waitMs)
    })
    const ended = Promise.all(open.map((stream) => new Promise((resolve) => stream.once('close', resolve))))
    await Promise.race([ended, late])
    clearTimeout(timer)
  }
  for (const stream of streams) if (stream instanceof Socket && !stream.destroyed) stream.unref()
}
