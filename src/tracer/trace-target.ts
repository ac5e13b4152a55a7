import fs from 'node:fs'
import { holdProcess } from './procfs/held-process.ts'

interface TargetFields {
  readonly pid: number
  readonly comm: string
  readonly cmdline: readonly string[]
  readonly starttimeTicks: number
  readonly resolvedAt: string
}

/** Known to this module alone: what a caller without types would need to get past the private constructor. */
const FROM_HERE = Symbol('made by afterword/tracer')

let make: (fields: TargetFields) => TraceTarget

/**
 * The process to watch. Comes from {@link traceTargetFromPid} or `resolveTraceTarget` and from nowhere else: a number is not a
 * target, since the number at hand is so often the wrapper's. Elsewhere constructed: TypeError.
 */
export class TraceTarget {
  readonly pid: number
  /** The name at the time of resolving, at most 15 bytes; `''` when it could not be read. No identity: programs rename themselves. */
  readonly comm: string
  readonly cmdline: readonly string[]
  /** Clock ticks (10 ms) after boot: with the pid, the identity. 0 when it could not be read. */
  readonly starttimeTicks: number
  /** ISO, UTC. */
  readonly resolvedAt: string
  /** Makes the type nominal: an object of the same shape is none. */
  readonly #resolved = true

  static {
    make = (fields) => new TraceTarget(FROM_HERE, fields)
  }

  private constructor(key: typeof FROM_HERE, fields: TargetFields) {
    if (key !== FROM_HERE) {
      throw new TypeError(
        `making a TraceTarget: got ${typeof key}, wants nobody to; use traceTargetFromPid or resolveTraceTarget`,
      )
    }
    this.pid = fields.pid
    this.comm = fields.comm
    this.cmdline = Object.freeze([...fields.cmdline])
    this.starttimeTicks = fields.starttimeTicks
    this.resolvedAt = fields.resolvedAt
    Object.freeze(this)
  }

  /** Whether `value` was made here; an object with TraceTarget's prototype was not. */
  static is(value: unknown): value is TraceTarget {
    return typeof value === 'object' && value !== null && #resolved in value && value.#resolved
  }
}

export interface TraceTargetSeams {
  /** @default '/proc' */
  readonly procRoot?: string
  /** Milliseconds since 1970. @default Date.now */
  readonly wallMs?: () => number
}

/**
 * The target for a process whose pid is known for certain: a direct child, or what the gate reported. Never throws: what cannot
 * be read (no /proc, gone, no number at all) is `''`, `[]` or 0, and tracing it says so.
 */
export function traceTargetFromPid(pid: number, seams: TraceTargetSeams = {}): TraceTarget {
  const { procRoot = '/proc', wallMs = Date.now } = seams
  const resolvedAt = new Date(wallMs()).toISOString()
  const held = Number.isSafeInteger(pid) && pid > 0 ? holdProcess(pid, procRoot) : null
  if (held === null) return make({ pid, comm: '', cmdline: [], starttimeTicks: 0, resolvedAt })
  const comm = held.stat()?.comm ?? ''
  const cmdline = readCmdline(held.path('cmdline'))
  held.close()
  return make({ pid, comm, cmdline, starttimeTicks: held.starttimeTicks, resolvedAt })
}

/** Empty for a zombie, a kernel thread, and one that is gone. */
function readCmdline(path: string): readonly string[] {
  try {
    const text = fs.readFileSync(path, 'utf8')
    return text === '' ? [] : text.replace(/\0$/, '').split('\0')
  } catch {
    return []
  }
}
