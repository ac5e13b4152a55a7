/**
 * Starts the workload behind its gate: in a pseudo-terminal or not, with whatever of that this machine has. What cannot be had is
 * left out, and the workload runs all the same.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Duplex } from 'node:stream'
import { isatty } from 'node:tty'
import { DRAIN_WINDOWS } from './drain-windows.ts'
import { execShim } from './exec-shim.ts'
import { findCommand } from './find-command.ts'
import { onOneTerminal, ptyCommand, SHIM_NAME } from './pty.ts'
import type { SessionSettings } from './session-options.ts'
import { resolveWorkloadPid } from './workload-pid.ts'

export type StartedWorkload =
  | {
      readonly kind: 'started'
      readonly child: ChildProcess
      readonly childPid: number
      /** In a pseudo-terminal: the child is script(1). */
      readonly wrapped: boolean
      /** The pid that the shim told, asked for only where the child is not the workload. */
      readonly reported: number | null
      /** Null: it could not be had, and the workload is running already. */
      readonly gate: Gate | null
    }
  /** An errno. */
  | { readonly kind: 'failed'; readonly code: string }

export interface Gate {
  /** What the shim says of itself; null after `timeoutMs`, or when it ends without a word. */
  pid(timeoutMs: number): Promise<number | null>
  /** Lets the workload begin. Idempotent. */
  open(): void
}

type Slot = 'pipe' | 'ignore' | 'inherit'

/** Never throws. `readsOutput`: a watcher needs what an inheriting workload writes. */
export async function startWorkload(settings: SessionSettings, readsOutput: boolean): Promise<StartedWorkload> {
  const { command, args, env, cwd } = settings
  const bare = slots(settings, readsOutput, false)
  if (process.platform === 'win32') return spawnOne(command, args, settings, bare)
  const found = findCommand(command, cwd, env['PATH'])
  if (found.kind === 'missing') return { kind: 'failed', code: found.code }

  if (wantsPty(settings)) {
    const inTerminal = await startInTerminal(settings, readsOutput)
    if (inTerminal !== null) return inTerminal
  }
  const shim = execShim({ command, env, terminalSize: null })
  const gated = await spawnOne('/bin/sh', ['-c', shim, SHIM_NAME, command, ...args], settings, [
    ...bare,
    'pipe',
    'pipe',
  ])
  // No /bin/sh; no descriptors left for the gate.
  return gated.kind === 'started' ? gated : spawnOne(command, args, settings, bare)
}

/** Null: there is no usable script(1), and the workload has not begun. */
async function startInTerminal(settings: SessionSettings, readsOutput: boolean): Promise<StartedWorkload | null> {
  const { command, args, env, cwd, stdio, terminalSize } = settings
  const script = findCommand('script', cwd, process.env['PATH'] ?? '/usr/bin:/bin')
  const realTerminal = stdio === 'inherit' && isatty(0)
  const shim = execShim({ command, env, terminalSize: realTerminal ? null : terminalSize })
  const pty = ptyCommand(shim, [command, ...args])
  if (script.kind !== 'found' || pty.kind !== 'pty') return null
  const slotsOfScript: readonly Slot[] = [...slots(settings, readsOutput, true), 'pipe', 'pipe']
  const started = await spawnOne(
    script.path,
    pty.args,
    { ...settings, env: { ...env, SHELL: '/bin/sh' } },
    slotsOfScript,
  )
  if (started.kind !== 'started') return null
  const reported = (await started.gate?.pid(DRAIN_WINDOWS.gate)) ?? null
  const inside = { ...started, wrapped: true, reported }
  if (reported !== null) return inside
  await whoeverIsThere(started)
  if (started.child.exitCode === null) return inside
  return (await runsCommands(script.path, settings)) ? inside : null
}

/** Descriptor 3 was closed on the way: the workload runs, or is about to. Until script(1) has forked it, or ended. */
async function whoeverIsThere({ child, childPid }: StartedWorkload & { kind: 'started' }): Promise<void> {
  const deadline = performance.now() + DRAIN_WINDOWS.onlyChild
  const isThere = (): boolean =>
    child.exitCode !== null || resolveWorkloadPid({ childPid, wrapped: true, reported: null }).kind === 'resolved'
  while (!isThere() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5))
}

/**
 * Race R36: script(1) ended before a word of the shim was heard. Either it could not run anything (BusyBox knows no -e, there is no
 * terminal left), and the workload has yet to begin; or it has run, behind somebody who closed our descriptors, and must not twice.
 */
async function runsCommands(script: string, { env, cwd }: SessionSettings): Promise<boolean> {
  return new Promise((resolve) => {
    const args = ['-qefc', 'exit 7', '/dev/null']
    const probe = spawn(script, args, { env: { ...env, SHELL: '/bin/sh' }, cwd, stdio: ['pipe', 'ignore', 'ignore'] })
    probe.stdin.on('error', () => undefined)
    probe.once('error', () => resolve(false))
    probe.once('exit', (code) => resolve(code === 7))
  })
}

function wantsPty({ pty, stdio }: SessionSettings): boolean {
  if (process.platform !== 'linux') return false
  return pty === 'auto' ? stdio === 'inherit' && onOneTerminal() : pty
}

function slots({ stdio, input }: SessionSettings, readsOutput: boolean, pty: boolean): readonly Slot[] {
  const output: Slot = stdio === 'inherit' && !readsOutput ? 'inherit' : 'pipe'
  // script(1) types what it reads, and a ^D at the end of it: it gets a terminal, or a pipe that never says anything.
  const stdin: Slot = pty
    ? stdio === 'inherit' && isatty(0)
      ? 'inherit'
      : 'pipe'
    : stdio === 'inherit'
      ? 'inherit'
      : input === undefined
        ? 'ignore'
        : 'pipe'
  // All of a workload in a terminal comes out of script's stdout; its stderr is script's own.
  return [stdin, output, output]
}

async function spawnOne(
  command: string,
  args: readonly string[],
  { env, cwd, input }: SessionSettings,
  stdio: readonly Slot[],
): Promise<StartedWorkload> {
  let child: ChildProcess
  try {
    child = spawn(command, args, { env, cwd, stdio: [...stdio], windowsHide: true })
  } catch (error) {
    return { kind: 'failed', code: codeOf(error) } // E2BIG, and what --permission forbids
  }
  for (const stream of child.stdio) stream?.on('error', () => undefined) // EPIPE of who does not read; ECONNRESET of who died
  const started = await new Promise<string | null>((resolve) => {
    child.once('spawn', () => resolve(null))
    child.once('error', (error) => resolve(codeOf(error)))
  })
  child.on('error', () => undefined) // a kill that came too late
  if (started !== null || child.pid === undefined) return { kind: 'failed', code: started ?? 'EIO' }
  if (input !== undefined) child.stdin?.end(input)
  const [, , , told, gate] = child.stdio as readonly (Duplex | null | undefined)[]
  return {
    kind: 'started',
    child,
    childPid: child.pid,
    wrapped: false,
    reported: null,
    gate: told && gate ? openGate(child, told, gate) : null,
  }
}

function openGate(child: ChildProcess, told: Duplex, gate: Duplex): Gate {
  let opened = false
  // script(1) keeps its ends as long as it lives; ours must not keep us.
  const letGo = (): void => {
    told.destroy()
    gate.destroy()
  }
  child.once('exit', letGo)
  return {
    async pid(timeoutMs) {
      let text = ''
      return new Promise((resolve) => {
        const done = (pid: number | null): void => {
          clearTimeout(timer)
          resolve(pid)
        }
        const timer = setTimeout(() => done(null), timeoutMs)
        told.on('data', (chunk: Buffer) => {
          text += chunk.toString('latin1')
          const line = /^(\d{1,10})\n/.exec(text)
          if (line !== null) done(Number(line[1]))
        })
        told.once('end', () => done(null))
        child.once('exit', () => done(null))
      })
    },
    open() {
      if (opened) return
      opened = true
      gate.end('\n', letGo)
    },
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'EIO'
}
