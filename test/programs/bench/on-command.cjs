// Preloaded: a large host (BALLAST_MB, every page touched), how the host ends once its command is done (END), a machine without `timeout`.
const megabytes = Number(process.env.BALLAST_MB ?? 0)
if (megabytes > 0) globalThis.ballast = Buffer.alloc(megabytes * 2 ** 20, 1)
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
