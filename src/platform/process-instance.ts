/**
 * Which process exactly: a pid alone is reused, is another's in another pid namespace, and means nothing after a reboot. So a
 * record names pid, start ticks, boot, namespace and host, and whoever finds it decides with {@link judgeInstance}.
 */
import { fs } from '../files/fs.ts'

export interface ProcessInstance {
  readonly pid: number
  /** Clock ticks after boot (`/proc/<pid>/stat` field 22); null where there is no /proc. */
  readonly start_ticks: number | null
  readonly boot_id: string | null
  /** `pid:[4026531836]` */
  readonly pid_namespace: string | null
  readonly host_name: string | null
}

/** What the system says of a pid: its state letter (`R S D T Z X …`) and start ticks. */
export interface ProcessProbe {
  readonly state: string
  readonly startTicks: number | null
}

export type InstanceVerdict = 'gone' | 'alive' | 'unknown'

/** On Windows `/proc` would be a folder of the current drive: in a WSL share (or under Wine) another system's. */
const PROC: string | null = process.platform === 'linux' ? '/proc' : null

/** The calling process. Four small reads on Linux, none of them twice. */
export function currentInstance(root: string | null = PROC): ProcessInstance {
  return {
    pid: process.pid,
    start_ticks: startTicks(readText(root, 'self/stat')),
    boot_id: readText(root, 'sys/kernel/random/boot_id'),
    pid_namespace: readLinkText(root, 'self/ns/pid'),
    host_name: readText(root, 'sys/kernel/hostname') ?? process.getBuiltinModule('node:os').hostname(),
  }
}

/** Null when there is no such process. Without /proc, `kill(pid, 0)` answers and the ticks are unknown. */
export function probeProcess(pid: number, root: string | null = PROC): ProcessProbe | null {
  const stat = readText(root, `${pid}/stat`)
  if (stat !== null) return { state: fieldsOf(stat)[0] ?? '?', startTicks: startTicks(stat) }
  if (root !== null) return null
  try {
    process.kill(pid, 0)
    return { state: '?', startTicks: null }
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? { state: '?', startTicks: null } : null
  }
}

function startTicks(stat: string | null): number | null {
  const ticks = stat === null ? Number.NaN : Number(fieldsOf(stat)[19])
  return Number.isSafeInteger(ticks) ? ticks : null
}

/** The command name is in parentheses and may hold spaces and parentheses itself: count from the last one. */
function fieldsOf(stat: string): readonly string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

/**
 * Whether the process that a record names is gone. Pure but for `probe`.
 *
 * - Same boot, same namespace: gone if there is no such pid, it is a zombie or dead, or it started at another time.
 * - Same host name, other boot: gone.
 * - Anything else (another container, another machine's home): unknown; whoever asks leaves it alone.
 */
export function judgeInstance(
  seen: ProcessInstance,
  here: Pick<ProcessInstance, 'boot_id' | 'pid_namespace' | 'host_name'>,
  probe: (pid: number) => ProcessProbe | null,
): InstanceVerdict {
  if (seen.boot_id !== here.boot_id)
    return seen.host_name !== null && seen.host_name === here.host_name ? 'gone' : 'unknown'
  if (seen.pid_namespace !== here.pid_namespace) return 'unknown'
  // Without a boot id (no /proc) the host name has to stand for the machine.
  if (seen.boot_id === null && seen.host_name !== here.host_name) return 'unknown'
  const now = probe(seen.pid)
  if (now === null || now.state === 'Z' || now.state === 'X') return 'gone'
  if (seen.start_ticks !== null && now.startTicks !== null && seen.start_ticks !== now.startTicks) return 'gone'
  return 'alive'
}

export function isProcessInstance(value: unknown): value is ProcessInstance {
  if (typeof value !== 'object' || value === null) return false
  const v = value as Record<keyof ProcessInstance, unknown>
  return (
    Number.isSafeInteger(v.pid) &&
    (v.pid as number) > 0 &&
    (v.start_ticks === null || Number.isSafeInteger(v.start_ticks)) &&
    [v.boot_id, v.pid_namespace, v.host_name].every((text) => text === null || typeof text === 'string')
  )
}

function readText(root: string | null, path: string): string | null {
  if (root === null) return null
  try {
    return fs.readFileSync(`${root}/${path}`, 'utf8').trimEnd()
  } catch {
    return null // not there, or not ours to read: the caller has a rule for null
  }
}

function readLinkText(root: string | null, path: string): string | null {
  if (root === null) return null
  try {
    return fs.readlinkSync(`${root}/${path}`)
  } catch {
    return null
  }
}
