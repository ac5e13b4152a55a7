// Preloaded: a large host (BALLAST_MB, every page touched), how the host ends once its command is done (END), a machine without `timeout`.
if (process.env.BALLAST_MB !== undefined) {
  globalThis.ballast = Buffer.alloc(Number(process.env.BALLAST_MB) * 2 ** 20, 1)
  const { readFileSync, writeSync } = require('node:fs')
  const [, queuedNs] = readFileSync('/proc/self/schedstat', 'latin1').split(' ')
  writeSync(1, `ready ${process.hrtime.bigint()} ${queuedNs}\n`)
}
if (process.env.NO_TIMEOUT !== undefined) {
  const fs = require('node:fs')
  const { existsSync } = fs
  fs.existsSync = (path) => !String(path).endsWith('/timeout') && existsSync(path)
}
const ends = {
  exit: () => process.exit(0),
  kill: () => process.kill(process.pid, 'SIGKILL'),
  interrupt: () => process.kill(0, 'SIGINT'),
  // in-terminal.mjs: our parent is script(1), the other side of the terminal. The kernel's SIGHUP ends us, here and now.
  'hang-up': () => {
    process.kill(process.ppid, 'SIGKILL')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5000)
  },
}
globalThis.afterCommand = ends[process.env.END]
