// The simple form: the event in an environment variable of a detached child, one child per event.
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'

await (async () => {})()
const event = { event: 'toolkit.run', distinctId: randomUUID(), properties: { version: '1.2.3' } }
const env = { ...process.env, USAGE_EVENT: JSON.stringify(event) }
const script = fileURLToPath(new URL('naive-child.mjs', import.meta.url))
spawn(process.execPath, [script], { detached: true, stdio: 'ignore', cwd: '/', env }).unref()
globalThis.afterCommand?.()
