import fs from 'node:fs'
import { expect, test } from 'vitest'
import { COMMAND_NAMES, defineCommands } from '../../src/cli/commands.ts'
import { cliMarkdown } from './cli-markdown.ts'

const FILE = new URL('../../docs/cli.md', import.meta.url)

test('docs/cli.md has the help that the program prints', async () => {
  const wanted = await cliMarkdown()
  if (process.env['UPDATE_DOCS'] === '1') fs.writeFileSync(FILE, wanted)
  // UPDATE_DOCS=1 npx vitest run test/docs/help-equals-docs.test.ts makes it again
  expect(fs.readFileSync(FILE, 'utf8')).toBe(wanted)
})

test('COMMAND_NAMES are the commands that help names', async () => {
  const help = await defineCommands(['--help'], async () => undefined).getHelp()
  const named = [...help.matchAll(/^ {2}afterword (\S+)/gm)].map(([, name]) => name)
  expect(named).toEqual([...COMMAND_NAMES])
})
