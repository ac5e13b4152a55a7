// Preloaded: the process believes it is on Windows, and what it spawns is written to SPAWNED instead of being started.
const childProcess = require('node:child_process')
const { EventEmitter } = require('node:events')
const { appendFileSync } = require('node:fs')

Object.defineProperty(process, 'platform', { value: 'win32' })
childProcess.spawn = (command, args, options) => {
  const { detached, windowsHide, shell, stdio } = options
  appendFileSync(process.env.SPAWNED, `${JSON.stringify({ command, args, detached, windowsHide, shell, stdio })}\n`)
  return Object.assign(new EventEmitter(), { pid: 4242, unref() {} })
}
