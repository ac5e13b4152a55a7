// Preloaded: a large host (BALLAST_MB, every page touched), and how the host ends once its command is done (END).
const megabytes = Number(process.env.BALLAST_MB ?? 0)
if (megabytes > 0) globalThis.ballast = Buffer.alloc(megabytes * 2 ** 20, 1)
const ends = {
  exit: () => process.exit(0),
  kill: () => process.kill(process.pid, 'SIGKILL'),
  interrupt: () => process.kill(0, 'SIGINT'),
}
globalThis.afterCommand = ends[process.env.END]
