/** A command in a pane of a real terminal (tmux), with somebody who types, resizes and closes it. */
import { execFileSync } from 'node:child_process'
import { onTestFinished } from 'vitest'

export interface Pane {
  type(...keys: readonly string[]): void
  /** What is to be seen on it now. */
  screen(): string
  resize(columns: number, rows: number): void
  /** Closes it: the kernel hangs up on who is in it. */
  kill(): void
}

export interface PaneOptions {
  /** Its socket lies here, and the command begins here. */
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
  readonly columns?: number
  readonly rows?: number
}

/** 80 by 24 unless told otherwise. */
export function openPane(command: string, { folder, env, columns = 80, rows = 24 }: PaneOptions): Pane {
  const tmux = (...args: readonly string[]): string =>
    execFileSync('tmux', ['-S', `${folder}/tmux`, '-f', '/dev/null', ...args], {
      cwd: folder,
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  tmux('new-session', '-d', '-s', 'it', '-x', String(columns), '-y', String(rows), command)
  onTestFinished(() => {
    try {
      tmux('kill-server')
    } catch {
      // ended with its last pane
    }
  })
  return {
    type: (...keys) => void tmux('send-keys', '-t', 'it', ...keys),
    screen: () => tmux('capture-pane', '-p', '-J', '-t', 'it'),
    resize: (x, y) => void tmux('resize-window', '-t', 'it', '-x', String(x), '-y', String(y)),
    kill: () => void tmux('kill-pane', '-t', 'it'),
  }
}
