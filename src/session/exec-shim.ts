/**
 * The few lines of shell that become the workload. They tell their pid on descriptor 3, wait on descriptor 4, and then `exec`: the
 * pid stays, so whoever opened `/proc/<pid>` while they waited holds the workload before its first instruction. Pure.
 *
 * Race R30: our process may die while the shim waits, or before it has told its pid. Its death closes both descriptors: the write
 * fails without a SIGPIPE, the read returns, the workload begins.
 */
import type { TerminalSize } from './session-options.ts'

export interface ShimRequest {
  readonly command: string
  /** What the workload's environment is to be. */
  readonly env: Readonly<Record<string, string>>
  /** For a pseudo-terminal of our own making: its size, no echo, no `\r\n`. Null leaves the terminal as it is. */
  readonly terminalSize: TerminalSize | null
}

/** Set by a shell for itself, or for us by script(1): put back to what the caller said. */
const SHELLS_OWN = ['SHELL', 'PWD', 'OLDPWD', 'SHLVL', '_']

/** The text of a `sh -c`; the command and its arguments are the shell's `"$@"`. */
export function execShim({ command, env, terminalSize }: ShimRequest): string {
  return [
    ...(terminalSize === null ? [] : [sttyOf(terminalSize)]),
    // Nobody listens any more: not a reason to die of SIGPIPE. `trap -` gives back what was there before.
    `trap '' PIPE; { echo "$$" >&3; } 2>/dev/null; trap - PIPE`,
    '{ read -r _ <&4; } 2>/dev/null',
    'exec 3>&- 4>&-',
    ...SHELLS_OWN.map((name) => restore(name, env[name])),
    `exec ${envFor(command, env)}"$@"`,
  ].join('\n')
}

/** One word for a POSIX shell, whatever is in it. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

function sttyOf({ rows, columns }: TerminalSize): string {
  return `stty rows ${rows} cols ${columns} -onlcr -echo 2>/dev/null`
}

function restore(name: string, value: string | undefined): string {
  return value === undefined ? `unset ${name}` : `export ${name}=${shellQuote(value)}`
}

/**
 * dash drops variables whose names it could not assign to itself (`npm_config_//registry/:_auth`, `A.B`); env(1) puts them back, in
 * the same process. It would take a command with an equals sign for one more variable; then they are lost.
 */
function envFor(command: string, env: Readonly<Record<string, string>>): string {
  const odd = Object.entries(env).filter(([name]) => !/^[A-Za-z_]\w*$/.test(name))
  if (odd.length === 0 || command.includes('=')) return ''
  return `/usr/bin/env ${odd.map(([name, value]) => shellQuote(`${name}=${value}`)).join(' ')} `
}
