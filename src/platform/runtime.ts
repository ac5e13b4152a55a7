/**
 * What runs us, and whether a script can be started with it. In a single executable, a pkg or a compiled Bun program
 * `process.execPath` is the CLI itself: started with a script it would run the user's command again, and again (docs/evidence.md).
 */

export type Runtime =
  /** `electron-as-node`: Electron, told by its environment to be Node, as this very process was. */
  | { readonly kind: 'node' | 'bun' | 'deno' | 'electron-as-node'; readonly execPath: string }
  /** `knowsItself`: new enough to be Bun instead of the program, when asked (BUN_BE_BUN). */
  | { readonly kind: 'bun-compiled'; readonly execPath: string; readonly knowsItself: boolean }
  | {
      readonly kind:
        | 'single-executable'
        | 'pkg'
        | 'deno-compiled'
        /** An app's process; whether ELECTRON_RUN_AS_NODE would be heeded depends on a fuse that cannot be read. */
        | 'electron'
        | 'worker'
        /** `--permission` without `--allow-child-process`. */
        | 'restricted'
        | 'other'
    }

export interface RuntimeFacts {
  readonly execPath: string
  /** `process.argv[1]` */
  readonly script: string | undefined
  readonly versions: Readonly<Record<string, string | undefined>>
  /** `process.pkg` is there. */
  readonly isPkg: boolean
  /** `node:sea` says so. */
  readonly isSingleExecutable: boolean
  /** `Deno.build.standalone` */
  readonly isDenoCompiled: boolean
  /** ELECTRON_RUN_AS_NODE is set, and the process has no Electron type. */
  readonly isElectronAsNode: boolean
  readonly isWorker: boolean
  readonly mayStartProcesses: boolean
}

/** Pure. Worker and permission come first: nothing can be started there, whatever runs us. */
export function detectRuntime(facts: RuntimeFacts): Runtime {
  const { execPath, versions } = facts
  if (facts.isWorker) return { kind: 'worker' }
  if (!facts.mayStartProcesses) return { kind: 'restricted' }
  if (versions['bun'] !== undefined)
    return isInsideBunProgram(facts.script)
      ? { kind: 'bun-compiled', execPath, knowsItself: isAtLeast(versions['bun'], BUN_BE_BUN_SEEN) }
      : { kind: 'bun', execPath }
  if (versions['deno'] !== undefined)
    return facts.isDenoCompiled ? { kind: 'deno-compiled' } : { kind: 'deno', execPath }
  if (versions['electron'] !== undefined)
    return facts.isElectronAsNode ? { kind: 'electron-as-node', execPath } : { kind: 'electron' }
  if (facts.isPkg) return { kind: 'pkg' }
  if (facts.isSingleExecutable) return { kind: 'single-executable' }
  return isNodeName(execPath) ? { kind: 'node', execPath } : { kind: 'other' }
}

export type ReporterCommand =
  | {
      readonly kind: 'ready'
      readonly command: string
      readonly args: readonly string[]
      /** Added to the allow-listed environment. */
      readonly env: Readonly<Record<string, string>>
    }
  | { readonly kind: 'refused'; readonly reason: 'worker-thread' | 'permission-denied' | 'unsupported-runtime' }

/** The command that runs `script` (an absolute path on disk) and nothing else; or why there is none. Pure. */
export function reporterCommand(runtime: Runtime, script: string): ReporterCommand {
  switch (runtime.kind) {
    case 'node':
      // --v8-pool-size=0 lowers the threads a start needs; with --max-old-space-size a start costs 10 ms more.
      return ready(runtime.execPath, ['--v8-pool-size=0', script])
    case 'bun':
      return ready(runtime.execPath, [script])
    case 'deno':
      return ready(runtime.execPath, ['run', '--allow-all', '--quiet', '--no-config', '--no-lock', script])
    case 'electron-as-node':
      return ready(runtime.execPath, [script], { ELECTRON_RUN_AS_NODE: '1' })
    case 'bun-compiled':
      return runtime.knowsItself
        ? ready(runtime.execPath, [script], { BUN_BE_BUN: '1' })
        : { kind: 'refused', reason: 'unsupported-runtime' }
    case 'worker':
      return { kind: 'refused', reason: 'worker-thread' }
    case 'restricted':
      return { kind: 'refused', reason: 'permission-denied' }
    // To start itself in another role a program would have to ask first who it is, and only its author can promise that.
    case 'single-executable':
    case 'pkg':
    case 'deno-compiled':
    case 'electron':
    case 'other':
      return { kind: 'refused', reason: 'unsupported-runtime' }
  }
}

/** For the calling process. */
export function reporterCommandHere(script: string): ReporterCommand {
  const runtime: Runtime = isCommonNode() ? { kind: 'node', execPath: process.execPath } : detectRuntime(runtimeFacts())
  return reporterCommand(runtime, script)
}

/**
 * Whether {@link detectRuntime} would say `node` of the calling process, for what nearly everybody is. Every command asks, cold: no
 * regular expression (they take a quarter of a millisecond here), no module. False: ask properly.
 */
export function isCommonNode(): boolean {
  const { execPath, versions } = process
  return (
    (execPath.endsWith('/node') || execPath.endsWith('\\node.exe')) &&
    process.argv[1] !== execPath &&
    versions['bun'] === undefined &&
    versions['deno'] === undefined &&
    versions['electron'] === undefined &&
    (process as { readonly pkg?: unknown }).pkg === undefined &&
    (process as { readonly permission?: unknown }).permission === undefined &&
    (process.abort as { readonly disabled?: boolean }).disabled !== true
  )
}

/** Of the calling process. Loads no module in plain Node. */
export function runtimeFacts(): RuntimeFacts {
  const { execPath, versions, argv } = process
  const script = argv[1]
  const oddities = process as {
    readonly pkg?: unknown
    readonly type?: string
    readonly permission?: { has(scope: string): boolean }
    readonly abort: { readonly disabled?: boolean }
  }
  const isNode = versions['bun'] === undefined && versions['deno'] === undefined
  return {
    execPath,
    script,
    versions,
    isPkg: oddities.pkg !== undefined,
    // A single executable has itself where other programs have their script.
    isSingleExecutable: isNode && (script === execPath || !isNodeName(execPath)) && isSea(),
    isDenoCompiled: (globalThis as { Deno?: { build?: { standalone?: boolean } } }).Deno?.build?.standalone === true,
    isElectronAsNode: oddities.type === undefined && Boolean(process.env['ELECTRON_RUN_AS_NODE']),
    // Node marks what a worker may not call; loading node:worker_threads to ask would cost every command 1.5 ms.
    isWorker: isNode ? oddities.abort.disabled === true : !process.getBuiltinModule('node:worker_threads').isMainThread,
    mayStartProcesses: oddities.permission?.has('child') ?? true,
  }
}

function ready(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): ReporterCommand {
  return { kind: 'ready', command, args, env }
}

/** `node`, Debian's `nodejs`, openSUSE's `node22`, an upgrade's `node (deleted)`. Renamed otherwise it may be anything. */
function isNodeName(execPath: string): boolean {
  return /(^|[/\\])node(js)?-?v?[\d.]*(\.exe)?( \(deleted\))?$/i.test(execPath)
}

/** `/$bunfs/root/cli`; Windows `B:\~BUN\root\cli.exe`. */
function isInsideBunProgram(script: string | undefined): boolean {
  return script !== undefined && /^(\/\$bunfs\/|[A-Z]:[/\\]~BUN[/\\])/i.test(script)
}

/** Tried with 1.4.4 and 1.4.5; an older one that ignores the variable would run the program again. */
const BUN_BE_BUN_SEEN: readonly [number, number] = [1, 4]

function isAtLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [a = 0, b = 0] = version.split('.').map(Number)
  return a > major || (a === major && b >= minor)
}

function isSea(): boolean {
  try {
    return process.getBuiltinModule('node:sea').isSea()
  } catch {
    return false // a Node without it
  }
}
