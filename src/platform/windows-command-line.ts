/**
 * The three texts that CreateProcessW takes, as bytes: command line, environment block, path. Pure; all UTF-16LE, NUL at the end.
 * The rules are those by which the child's C runtime takes a command line apart again (CommandLineToArgvW).
 */

/** `a b"c\` → `"a b\"c\\"`. Backslashes count only before a quote. */
export function quoteWindowsArgument(argument: string): string {
  if (argument !== '' && !/[\s"]/.test(argument)) return argument
  return `"${argument.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1')}"`
}

/** The program's path is taken apart by simpler rules: in quotes, and no escapes (a path holds no quote). */
export function windowsCommandLine(program: string, args: readonly string[]): string {
  return [`"${program}"`, ...args.map(quoteWindowsArgument)].join(' ')
}

/**
 * `NAME=value` entries, sorted by upper-cased name as Windows wants them, a NUL after each and one more at the end. Names know no
 * case: of two that differ by case alone the last one stays. A name without a value is none.
 */
export function windowsEnvironmentBlock(variables: Readonly<Record<string, string | undefined>>): Buffer {
  const byName = new Map<string, string>()
  for (const [name, value] of Object.entries(variables))
    if (value !== undefined) byName.set(name.toUpperCase(), `${name}=${value}`)
  const entries = [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry)
  return wideText(`${entries.join('\0')}\0`) // and wideText's own NUL; an empty block is two of them too
}

/** A copy that the callee may write to, as CreateProcessW does with its command line. */
export function wideText(text: string): Buffer {
  return Buffer.from(`${text}\0`, 'utf16le')
}
