/**
 * Leaving the job object that our terminal, CI step or agent tool put us in, which kills its members when it closes. Node's spawn
 * cannot ask for that, so CreateProcessW is called directly where it can be. Windows only; loaded on use (tracker/rare-paths.ts).
 */
import type { OutsideJob, Prepared } from './detached-spawn.ts'
import { loadWindowsCalls, THIS_PROCESS, type WindowsCalls } from './windows-calls.ts'
import { wideText, windowsCommandLine, windowsEnvironmentBlock } from './windows-command-line.ts'
import { decideWindowsLadder, type LadderFacts, type Tried } from './windows-ladder.ts'

/** Undefined: not looked for yet. Null: there are none, or they failed once; a process that crashed a call is not asked twice. */
let calls: WindowsCalls | null | undefined

/**
 * Starts what was prepared. `free`: it is in no job. `partial`: it runs, and one of the jobs above us still holds it, or nobody
 * could say. Null: nothing was started, and child_process.spawn is the next rung. Never throws.
 */
export function startOutsideJob(
  prepared: Prepared,
  load: () => WindowsCalls | null = loadWindowsCalls,
): ReturnType<OutsideJob> {
  if (calls === undefined) calls = load()
  const outcome = climb(prepared, calls)
  if (outcome === 'calls-failed') calls = null
  return typeof outcome === 'string' ? null : outcome
}

/** The doer of windows-ladder.ts: asks, does, tells. */
export function climb(prepared: Prepared, calls: WindowsCalls | null): NonNullable<ReturnType<OutsideJob>> | string {
  let facts: LadderFacts = {
    hasCalls: calls !== null,
    inJob: calls === null ? null : quietly(() => calls.isInJob(THIS_PROCESS)),
    withBreakaway: null,
    withoutBreakaway: null,
  }
  let made: ReturnType<typeof create> = { tried: null, child: null }
  for (;;) {
    const next = decideWindowsLadder(facts)
    if (next.step === 'spawn' || calls === null) return next.step === 'spawn' ? next.why : 'no-calls'
    if (next.step === 'created') return made.child ?? 'calls-failed'
    made = create(calls, prepared, next.flags)
    facts = { ...facts, [next.rung]: made.tried }
  }
}

function create(
  calls: WindowsCalls,
  { command, args, options }: Prepared,
  flags: number,
): { readonly tried: Tried; readonly child: ReturnType<OutsideJob> } {
  try {
    const { error, created } = calls.createProcess({
      application: wideText(command),
      commandLine: wideText(windowsCommandLine(command, args)),
      environment: windowsEnvironmentBlock(options.env),
      directory: wideText(options.cwd),
      flags,
    })
    if (created === null) return { tried: error, child: null }
    // Asked before the handle is closed: afterwards the pid may be another's.
    const inJob = quietly(() => calls.isInJob(created.process))
    for (const handle of [created.thread, created.process]) quietly(() => calls.closeHandle(handle))
    return { tried: 0, child: { pid: created.pid, job: inJob === false ? 'free' : 'partial' } }
  } catch {
    return { tried: 'threw', child: null }
  }
}

function quietly<T>(call: () => T): T | null {
  try {
    return call()
  } catch {
    return null // the foreign-function layer refused: counted as "nobody knows"
  }
}
