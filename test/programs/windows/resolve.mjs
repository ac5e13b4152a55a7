// Resolves a name and runs it without a shell. argv: dist folder URL, result file, name, arguments.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'

const [dist, result, name, ...args] = process.argv.slice(2)
const { resolveNodeCommand } = await import(`${dist}/platform/node-command.js`)
const [program, ...rest] = resolveNodeCommand(name, args)
const ran = spawnSync(program, rest, { encoding: 'utf8', windowsHide: true, shell: false })
const bare = spawnSync(name, args, { encoding: 'utf8', shell: false })
writeFileSync(
  result,
  JSON.stringify({
    argv: [program, ...rest],
    status: ran.status,
    stdout: ran.stdout,
    error: ran.error?.code,
    bare: bare.error?.code,
  }),
)
