/**
 * The one place of a session that may kill. Who is killed was decided elsewhere (decide-action.ts); who still is who, is asked here,
 * right before each signal.
 *
 * Race R34: between the last look at a held process and `kill` the process ends, is reaped, and its number is given away. That takes
 * the whole pid space within microseconds; a pidfd would close it, and Node has none. Our own child cannot be mistaken: it is not
 * reaped before Node says so.
 */
import type { ChildProcess } from 'node:child_process'
import { type HeldProcess, holdProcess } from '../tracer/procfs/held-process.ts'
import { DRAIN_WINDOWS } from './drain-windows.ts'
import { openFamily } from './family.ts'
import { markedProcesses } from './session-mark.ts'

export interface KillRequest {
  /** What we started: script(1), or the workload. */
  readonly child: ChildProcess
  /** The child is script(1). A SIGTERM would make it say exit code 0 after 2 s of its own; it ends with its workload. */
  readonly wrapped: boolean
  /** The workload, if it is known: it is still ours when script(1) is gone. */
  readonly workloadPid: number | null
  /** Of the session's mark, by which daemons are found. */
  readonly sessionId: string
  readonly graceMs: number
  /** Resolves when the child was reaped. */
  readonly childGone: Promise<unknown>
}

const LOOK_EVERY_MS = 10
/** Of looking for what was forked while we killed: then it is a fork bomb, and not ours to fight. */
const KILL_ROUNDS = 100

/**
 * SIGTERM to the workload, its descendants and its daemons, parents first; `graceMs`; SIGKILL to whoever is left and whatever they started since;
 * the wrapper by itself, or by SIGKILL 3 s later. Resolves when it is done. Never throws: who is gone already is gone.
 */
export async function killSession(request: KillRequest): Promise<void> {
  const { child, wrapped, workloadPid, sessionId, graceMs, childGone } = request
  const childPid = child.pid
  if (childPid === undefined) return
  const family = openFamily(workloadPid === null || workloadPid === childPid ? [childPid] : [childPid, workloadPid])
  const look = (): readonly HeldProcess[] => {
    family.grow()
    return family.alive().filter(({ pid }) => !wrapped || pid !== childPid)
  }
  const send = (signal: 'SIGTERM' | 'SIGKILL'): void => {
    const victims = look()
    // Parents first: a shell that sees the end of its command goes on with the next line. By Node also where there is no /proc.
    if (!wrapped) child.kill(signal)
    for (const victim of victims) if (victim.pid !== childPid && victim.alive()) raise(victim.pid, signal)
  }
  const done = (): boolean => look().length === 0 && (wrapped || isGone(child))
  try {
    family.adopt(markedProcesses(sessionId))
    send('SIGTERM')
    await until(done, graceMs)
    family.adopt(markedProcesses(sessionId)) // one that forked twice meanwhile
    for (let round = 0; round < KILL_ROUNDS && !done(); round += 1) {
      send('SIGKILL')
      await until(() => look().length === 0, DRAIN_WINDOWS.killAgain)
    }
    if (await Promise.race([childGone.then(() => true), after(DRAIN_WINDOWS.wrapper)])) return
    child.kill('SIGKILL')
  } finally {
    family.close()
  }
}

/** Gives one process the signals of another. */
export interface SignalRelay {
  /** To that process or to nobody. Never throws. */
  send(signal: NodeJS.Signals): void
  close(): void
}

/** Null: it is gone, or there is no /proc to hold it by. Race R34 here too. */
export function openSignalRelay(pid: number): SignalRelay | null {
  const held = holdProcess(pid)
  if (held === null) return null
  return {
    send(signal) {
      if (held.alive()) raise(pid, signal)
    },
    close: () => held.close(),
  }
}

function raise(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // ESRCH: just gone. EPERM: it became somebody else's, with their rights.
  }
}

function isGone(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

async function until(come: () => boolean, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!come() && performance.now() < deadline) await after(LOOK_EVERY_MS)
}

async function after(ms: number): Promise<false> {
  await new Promise((resolve) => setTimeout(resolve, ms))
  return false
}
