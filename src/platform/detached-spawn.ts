/**
 * Starting a process that outlives us and inherits nothing: synchronous, usable inside 'exit', never throws, never prints, leaves no
 * handle. Every failure is an outcome. What leaks and why each line is here: docs/architecture.md, "Detaching".
 */
import { fs } from '../files/fs.ts'
import { errorCode } from '../files/read-small-file.ts'
import { BOX_VARIABLE } from './box-variable.ts'
import { type ReporterCommand, reporterCommandHere } from './runtime.ts'
import { whyNotStarted } from './spawn-failure.ts'
import { detachSpawnOptions, IS_WINDOWS } from './windows-flags.ts'

export interface SpawnRequest {
  /** Absolute path of the script, and its arguments. Never a payload: `ps` shows them. */
  readonly script: string
  readonly args: readonly string[]
  /** Added to the allow-listed environment. */
  readonly variables: Readonly<Record<string, string>>
  /** After this many seconds the process is gone, whatever it does; an outside box where the system has one. */
  readonly boxSeconds: number
}

export type SpawnOutcome =
  | {
      readonly kind: 'spawned'
      readonly pid: number
      readonly box: 'outside' | 'inside'
      /** Windows: whether a job still holds it. `unasked`: Node's own spawn, which cannot tell. */
      readonly job: 'free' | 'partial' | 'unasked'
    }
  | {
      readonly kind: 'refused'
      readonly reason: Extract<ReporterCommand, { kind: 'refused' }>['reason'] | 'script-missing' | 'no-executable'
    }
  | { readonly kind: 'failed'; readonly reason: string }

/** Variables a reporter needs: where its files are, how to reach the network. Nothing else crosses: no NODE_OPTIONS, no secret. */
const ALLOWED_VARIABLES: readonly string[] = (
  'HOME USER LOGNAME TMPDIR TEMP TMP XDG_RUNTIME_DIR XDG_STATE_HOME XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME LANG LC_ALL TZ ' +
  'HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY http_proxy https_proxy no_proxy all_proxy ' +
  'NODE_EXTRA_CA_CERTS SSL_CERT_FILE SSL_CERT_DIR NODE_USE_SYSTEM_CA LD_LIBRARY_PATH ' +
  'SystemRoot windir SystemDrive USERPROFILE HOMEDRIVE HOMEPATH APPDATA LOCALAPPDATA ProgramData PATHEXT ComSpec'
).split(' ')

const TIMEOUT_PROGRAMS: readonly string[] = ['/usr/bin/timeout', '/bin/timeout']

/** windows-job.ts, handed in so that only Windows loads it. Null: it started nothing. */
export type OutsideJob = (prepared: Prepared) => { readonly pid: number; readonly job: 'free' | 'partial' } | null

export function detachedSpawn(request: SpawnRequest, outsideJob: OutsideJob | null = null): SpawnOutcome {
  try {
    const prepared = prepareNode(request)
    if (prepared.kind !== 'ready') return prepared
    const { command, args, box, options } = prepared
    const outside = outsideJob?.(prepared) ?? null
    if (outside !== null) return { kind: 'spawned', box, ...outside }
    const child = withMaskedStdio(['ignore', 'ignore', 'ignore'], (stdio) =>
      process
        .getBuiltinModule('node:child_process')
        .spawn(command, args, { ...options, ...detachSpawnOptions(), stdio }),
    )
    // ENOENT, EACCES, EAGAIN and EMFILE come as an event; without a listener it would crash the host.
    child.on('error', () => undefined)
    child.unref()
    return child.pid === undefined
      ? { kind: 'failed', reason: whyNotStarted(command) }
      : { kind: 'spawned', pid: child.pid, box, job: 'unasked' }
  } catch (error) {
    return { kind: 'failed', reason: errorCode(error) } // E2BIG, NUL bytes, --permission: thrown
  }
}

export interface Prepared {
  readonly kind: 'ready'
  readonly command: string
  readonly args: readonly string[]
  readonly box: 'outside' | 'inside'
  readonly options: {
    readonly cwd: string
    readonly env: Record<string, string | undefined>
    readonly windowsHide: true
    readonly shell: false
  }
}

/** Whether a process can be started from here at all. */
export function canSpawnHere(): boolean {
  return reporterCommandHere('').kind === 'ready'
}

/** Everything about the child but its stdio. `boxed`: it outlives us, so a clock has to stand outside. */
export function prepareNode(
  request: SpawnRequest,
  boxed = true,
): Prepared | Extract<SpawnOutcome, { kind: 'refused' }> {
  const start = reporterCommandHere(request.script)
  if (start.kind === 'refused') return start
  if (!fs.existsSync(request.script)) return { kind: 'refused', reason: 'script-missing' }
  const executable = whatIsLeftOf(start.command)
  if (executable === null) return { kind: 'refused', reason: 'no-executable' }
  const args = [...start.args, ...request.args]
  const timeout = boxed && executable.survivesUs ? TIMEOUT_PROGRAMS.find((path) => fs.existsSync(path)) : undefined
  const box = boxed && (timeout === undefined || process.platform !== 'linux') ? 'inside' : 'outside'
  const env = allowedEnvironment({ ...start.env, ...request.variables, [BOX_VARIABLE]: box })
  const options = { cwd: rootDirectory(), env, windowsHide: true, shell: false } as const
  return box === 'outside' && timeout !== undefined
    ? {
        kind: 'ready',
        command: timeout,
        args: ['-s', 'KILL', String(request.boxSeconds), executable.path, ...args],
        box,
        options,
      }
    : { kind: 'ready', command: executable.path, args, box, options }
}

/** An upgrade may have deleted the running executable; Linux still has it under /proc while this process lives. */
function whatIsLeftOf(execPath: string): { readonly path: string; readonly survivesUs: boolean } | null {
  if (fs.existsSync(execPath)) return { path: execPath, survivesUs: true }
  return process.platform === 'linux' ? { path: '/proc/self/exe', survivesUs: false } : null
}

function allowedEnvironment(added: Readonly<Record<string, string>>): Record<string, string | undefined> {
  // Node puts its own NODE_V8_COVERAGE into any environment that does not have the name, be it without a value.
  const env: Record<string, string | undefined> = { NODE_V8_COVERAGE: undefined }
  for (const name of ALLOWED_VARIABLES) {
    const value = process.env[name]
    if (value !== undefined && value.length < 32_000) env[name] = value
  }
  return { ...env, ...added }
}

/** A working directory would be held busy, or may be deleted already. */
function rootDirectory(): string {
  return IS_WINDOWS ? (process.env['SystemRoot'] ?? 'C:\\') : '/'
}

const FIRST_DESCRIPTOR_NODE_LEAVES_OPEN = 16
const DESCRIPTORS_MAX = 1024

export type Stdio = 'ignore' | 'pipe' | number

/**
 * The standard streams as given, and nothing else inherited. Node marks inherited descriptors close-on-exec only up to 15 and then to the
 * first gap, so a `flock` that a shell holds on fd 20 would be held by the reporter. Beyond 2, 'ignore' leaves a descriptor as it
 * is: every one that would leak is covered by an open /dev/null.
 */
export function withMaskedStdio<T>(standard: readonly [Stdio, Stdio, Stdio], spawn: (stdio: Stdio[]) => T): T {
  // Bun leaks none, and Deno refuses so long a list.
  const isMasking =
    process.platform === 'linux' && process.versions['bun'] === undefined && process.versions['deno'] === undefined
  const leaking = isMasking ? leakingDescriptors() : []
  if (leaking.length === 0) return spawn([...standard])
  const devNull = fs.openSync('/dev/null', 'r+')
  try {
    const stdio = [...standard, ...Array<Stdio>(Math.max(...leaking) - 2).fill('ignore')]
    for (const fd of leaking) stdio[fd] = devNull
    return spawn(stdio)
  } finally {
    fs.closeSync(devNull)
  }
}

function leakingDescriptors(): readonly number[] {
  return readdirQuietly('/proc/self/fdinfo')
    .map(Number)
    .filter((fd) => fd >= FIRST_DESCRIPTOR_NODE_LEAVES_OPEN && fd < DESCRIPTORS_MAX && !closesOnExec(fd))
}

const O_CLOEXEC = 0o2000000
const FLAGS = 'flags:'

function closesOnExec(fd: number): boolean {
  const path = `/proc/self/fdinfo/${fd}`
  if (!fs.existsSync(path)) return true // the listing's own, for one; an error thrown and caught costs 0.1 ms
  try {
    const text = fs.readFileSync(path, 'utf8')
    const flags = Number.parseInt(text.slice(text.indexOf(FLAGS) + FLAGS.length), 8)
    return Number.isNaN(flags) || (flags & O_CLOEXEC) !== 0
  } catch {
    return true // closed meanwhile
  }
}

function readdirQuietly(path: string): readonly string[] {
  try {
    return fs.readdirSync(path)
  } catch {
    return []
  }
}
