import { fstatSync } from 'node:fs'
import { isatty } from 'node:tty'
import { shellQuote } from './exec-shim.ts'

/** What `ps` and the shell's messages call the shim while it waits. */
export const SHIM_NAME = 'afterword'

/** One string that `execve` takes (MAX_ARG_STRLEN), less the quoting of what is around it. */
const SHELL_TEXT_MAX_BYTES = 120 * 1024

export type PtyCommand =
  | { readonly kind: 'pty'; readonly args: readonly string[] }
  /** script(1) hands the shell one string, and the kernel takes no longer one. */
  | { readonly kind: 'too-long' }

/**
 * Arguments for util-linux script(1): quiet, flushing, with the workload's exit status, nothing recorded. `exec` leaves no shell
 * between script and the shim, so the shim is script's only child.
 */
export function ptyCommand(shim: string, words: readonly string[]): PtyCommand {
  const text = `exec /bin/sh -c ${[shim, SHIM_NAME, ...words].map(shellQuote).join(' ')}`
  return Buffer.byteLength(text) > SHELL_TEXT_MAX_BYTES
    ? { kind: 'too-long' }
    : { kind: 'pty', args: ['-qefc', text, '/dev/null'] }
}

/** Whether stdin, stdout and stderr are one terminal: then the workload would have it, and gets one of its own. */
export function onOneTerminal(): boolean {
  try {
    if (![0, 1, 2].every((descriptor) => isatty(descriptor))) return false
    const [first, ...others] = [0, 1, 2].map((descriptor) => fstatSync(descriptor).rdev)
    return others.every((device) => device === first)
  } catch {
    return false // a closed descriptor
  }
}

/** script(1) says 128 + n for a signal, and so does a program that chose to exit with that number: a guess. Null: no signal at all. */
export function guessSignal(exitCode: number, numbers: Readonly<Record<string, number>>): NodeJS.Signals | null {
  const found = Object.entries(numbers).find(([, number]) => number === exitCode - 128)
  return (found?.[0] as NodeJS.Signals | undefined) ?? null
}
