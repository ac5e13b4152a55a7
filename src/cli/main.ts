/**
 * The program `afterword`, run by bin/afterword.js. Data goes to stdout, everything else to stderr; exit code 0 is success, 1
 * failure, 2 wrong usage. A subcommand's code is loaded when it is used.
 */
import { printable } from './columns.ts'
import { COMMAND_NAMES, defineCommands } from './commands.ts'
import { processScreens } from './screen.ts'

export async function main(words: readonly string[]): Promise<void> {
  // `afterword log | head`: nobody reads any more, and that is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit()
  })
  const screens = processScreens()
  let failed = false
  const cli = defineCommands(words, async (run) => {
    try {
      process.exitCode = await run(screens)
    } catch (error) {
      failed = true
      throw error
    }
  })
  try {
    await cli.parseAsync()
  } catch (error) {
    if (failed || !(error instanceof Error)) throw error
    // Not a handler's, so it is what yargs says of the arguments.
    const help = words.length === 0 ? `${await cli.getHelp()}\n\n` : ''
    screens.err.write(`${help}afterword: ${usageInWords(error.message, words)}\n`)
    process.exitCode = 2
  }
}

/** What yargs says, said for people, and where to look on. Pure. */
export function usageInWords(message: string, words: readonly string[]): string {
  const word = words.find((each) => !each.startsWith('-')) ?? ''
  const known = (COMMAND_NAMES as readonly string[]).includes(word)
  const missing = /^Missing dependent arguments:\s+(\S+) -> (\S+)$/.exec(message.trim())
  const text = missing === null ? message.trim() : `--${missing[1]} wants --${missing[2]}`
  const wrong = word === '' || known ? text : `there is no command '${printable(word)}'`
  const nearest = !known && text.startsWith('Did you mean ') ? `. ${text}` : ''
  const help = known ? `'afterword ${word} --help' shows its options.` : "'afterword --help' names the commands."
  return `${wrong}${nearest}\n${help}`
}
