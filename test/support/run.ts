/** Real children, owned by the test: started with a clean environment, killed as a group when the test is over. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { onTestFinished } from 'vitest'

export interface Finished {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  /** Of the process, from spawn to exit. */
  readonly wallMs: number
}

export interface Running {
  readonly child: ChildProcess
  readonly pid: number
  readonly finished: Promise<Finished>
  /** Resolves when stdout has held this text. */
  said(text: string): Promise<void>
}

/** Starts `command`. The environment is `options.env`, whole: see cleanEnvironment(). `open` leaves its stdin open. */
export function start(
  command: string,
  args: readonly string[],
  options: SpawnOptions & { input?: string; open?: boolean } = {},
): Running {
  const startedAt = process.hrtime.bigint()
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], ...options })
  let stdout = ''
  let stderr = ''
  const watchers = new Set<() => void>()
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk
    for (const look of watchers) look()
  })
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
  })
  child.stdin?.on('error', () => undefined)
  if (options.open !== true) child.stdin?.end(options.input ?? '')
  const finished = new Promise<Finished>((resolve, reject) => {
    let wallMs = 0
    child.on('error', reject)
    child.on('exit', () => {
      wallMs = Number(process.hrtime.bigint() - startedAt) / 1e6
    })
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr, wallMs }))
  })
  onTestFinished(() => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
  })
  return {
    child,
    pid: child.pid ?? -1,
    finished,
    said: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (!stdout.includes(text)) return
          watchers.delete(look)
          resolve()
        }
        watchers.add(look)
        void finished.then(
          (end) =>
            end.stdout.includes(text) ? resolve() : reject(new Error(`ended without saying '${text}': ${end.stderr}`)),
          reject,
        )
        look()
      }),
  }
}

/** Runs a Node program to its end. */
export function runNode(args: readonly string[], options: SpawnOptions & { input?: string } = {}): Promise<Finished> {
  return start(process.execPath, args, options).finished
}

/** Pids of its children that it has not waited for. */
export function childrenOf(pid: number): readonly string[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)
}

/** Absolute path of a file in test/programs. */
export function program(name: string): string {
  return new URL(`../programs/${name}`, import.meta.url).pathname
}
