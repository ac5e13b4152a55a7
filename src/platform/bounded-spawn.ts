/** The same kind of child as detached-spawn.ts, but ours: waited for, or hoped for, and killed when its time is up. */
import type { ChildProcess } from 'node:child_process'
import { errorCode } from '../files/read-small-file.ts'
import { prepareNode, type SpawnOutcome, type SpawnRequest, withMaskedStdio } from './detached-spawn.ts'

export type ChildAnswer =
  | { readonly kind: 'exited'; readonly code: number | null; readonly stdout: string }
  | Exclude<SpawnOutcome, { kind: 'spawned' }>

/** The same process, waited for: blocks up to `timeoutMs` and is then killed, truly (an in-process request is not: docs/evidence.md, Node). */
export function boundedSpawnSync(request: SpawnRequest, timeoutMs: number, input?: string): ChildAnswer {
  try {
    const prepared = prepareNode(request, false)
    if (prepared.kind !== 'ready') return prepared
    const child = withMaskedStdio([input === undefined ? 'ignore' : 'pipe', 'pipe', 'ignore'], (stdio) =>
      process.getBuiltinModule('node:child_process').spawnSync(prepared.command, prepared.args, {
        ...prepared.options,
        timeout: Math.max(1, Math.floor(timeoutMs)),
        killSignal: 'SIGKILL',
        encoding: 'utf8',
        maxBuffer: 256 * 1024,
        ...(input === undefined ? {} : { input }),
        stdio,
      }),
    )
    if (child.error !== undefined && child.pid === 0) return { kind: 'failed', reason: errorCode(child.error) }
    return { kind: 'exited', code: child.status, stdout: child.stdout ?? '' }
  } catch (error) {
    return { kind: 'failed', reason: errorCode(error) }
  }
}

/** The same process with pipes, not waited for; null when it cannot be started. The caller kills it. */
export function killableSpawn(request: SpawnRequest): ChildProcess | null {
  try {
    const prepared = prepareNode(request, false)
    if (prepared.kind !== 'ready') return null
    const child = withMaskedStdio(['pipe', 'pipe', 'ignore'], (stdio) =>
      process
        .getBuiltinModule('node:child_process')
        .spawn(prepared.command, prepared.args, { ...prepared.options, stdio }),
    )
    child.on('error', () => undefined)
    child.stdin?.on('error', () => undefined)
    return child.pid === undefined ? null : child
  } catch {
    return null
  }
}
