// The floor of everything that detaches: an empty program, started and left.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import 'empty-package'

await (async () => {})()
const script = fileURLToPath(new URL('nothing.cjs', import.meta.url))
spawn(process.execPath, [script], { detached: true, stdio: 'ignore', cwd: '/' }).unref()
globalThis.afterCommand?.()
