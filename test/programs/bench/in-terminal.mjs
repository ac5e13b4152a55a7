// argv: the command's script. Runs it in a terminal of its own; waits until that is gone.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const preload = fileURLToPath(new URL('on-command.cjs', import.meta.url))
const words = [process.execPath, '--require', preload, process.argv[2]]
const line = `exec ${words.map((word) => `'${word}'`).join(' ')}`
const env = { ...process.env, SHELL: '/bin/sh' }
const script = spawn('script', ['-qefc', line, '/dev/null'], { env, stdio: ['pipe', 'ignore', 'inherit'] })
await once(script, 'exit')
