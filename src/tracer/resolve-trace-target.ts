import { basename } from 'node:path'
import { childrenOf } from './procfs/descendants.ts'
import { holdProcess } from './procfs/held-process.ts'
import { type TraceTarget, traceTargetFromPid } from './trace-target.ts'
import { TraceTargetResolutionError } from './trace-target-resolution-error.ts'

export interface ResolveTraceTargetOptions {
  /** @default 2000 */
  readonly timeoutMs?: number
  /** @default 50 */
  readonly pollMs?: number
}

export interface ResolveTraceTargetSeams {
  readonly procRoot: string
  readonly monotonicMs: () => number
  readonly sleep: (ms: number) => Promise<void>
}

const REAL: ResolveTraceTargetSeams = {
  procRoot: '/proc',
  monotonicMs: () => performance.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
}

/**
 * Finds the workload in somebody else's process tree: the first descendant of `rootPid`, nearest first, whose name or whose
 * `basename(cmdline[0])` is `expectedBasename`. Never the root itself. For a workload of one's own the gate of a session says the
 * pid and nothing is guessed: polling misses what lives shorter than a poll or carries another name.
 *
 * Rejects with {@link TraceTargetResolutionError}: `root-gone` at once, `not-found` after `timeoutMs`. A descendant that cannot
 * be read is skipped. TypeError for malformed arguments.
 */
export async function resolveTraceTarget(
  rootPid: number,
  expectedBasename: string,
  options: ResolveTraceTargetOptions = {},
  seams: Partial<ResolveTraceTargetSeams> = {},
): Promise<TraceTarget> {
  const { timeoutMs, pollMs } = resolveSettings(options)
  if (!Number.isSafeInteger(rootPid) || rootPid <= 0)
    throw new TypeError(`resolving a trace target: got root pid ${String(rootPid)}, wants a pid`)
  if (typeof expectedBasename !== 'string' || expectedBasename === '' || expectedBasename.includes('/'))
    throw new TypeError(
      `resolving a trace target: got ${JSON.stringify(expectedBasename)}, wants a program's base name`,
    )
  const { procRoot, monotonicMs, sleep } = { ...REAL, ...seams }
  const root = holdProcess(rootPid, procRoot)
  if (root === null) throw new TraceTargetResolutionError('root-gone', rootPid, expectedBasename)
  const deadline = monotonicMs() + timeoutMs
  try {
    for (;;) {
      const found = matchBelow(rootPid, expectedBasename, procRoot)
      // Race R15: the root died, its number was reused, and the walk went through a stranger's children. Asked after the walk.
      if (!root.alive()) throw new TraceTargetResolutionError('root-gone', rootPid, expectedBasename)
      if (found !== null) return found
      const left = deadline - monotonicMs()
      if (left <= 0) throw new TraceTargetResolutionError('not-found', rootPid, expectedBasename)
      await sleep(Math.min(pollMs, left))
    }
  } finally {
    root.close()
  }
}

/** Breadth first. A pid is looked at once: a recorded or racing tree may go in circles. */
function matchBelow(rootPid: number, expectedBasename: string, procRoot: string): TraceTarget | null {
  const seen = new Set([rootPid])
  for (const parent of seen) {
    for (const pid of childrenOf(`${procRoot}/${parent}`)) {
      if (seen.has(pid)) continue
      seen.add(pid)
      const target = traceTargetFromPid(pid, { procRoot })
      if (target.starttimeTicks > 0 && isCalled(target, expectedBasename)) return target
    }
  }
  return null
}

/** The kernel keeps 15 bytes of a name. A process without a command line (kernel thread, zombie) is nobody's workload. */
function isCalled({ comm, cmdline }: TraceTarget, expectedBasename: string): boolean {
  const [argv0] = cmdline
  if (argv0 === undefined || argv0 === '') return false
  return comm === Buffer.from(expectedBasename).subarray(0, 15).toString() || basename(argv0) === expectedBasename
}

const KNOWN: ReadonlySet<string> = new Set(['timeoutMs', 'pollMs'])

function resolveSettings(options: ResolveTraceTargetOptions): Required<ResolveTraceTargetOptions> {
  for (const key of Object.keys(options))
    if (!KNOWN.has(key)) throw new TypeError(`resolving a trace target: unknown option ${JSON.stringify(key)}`)
  const { timeoutMs = 2000, pollMs = 50 } = options
  for (const [name, value] of Object.entries({ timeoutMs, pollMs }))
    if (!(typeof value === 'number' && value >= 0 && Number.isFinite(value)))
      throw new TypeError(`resolving a trace target: ${name} is ${String(value)}, wants milliseconds`)
  return { timeoutMs, pollMs }
}
