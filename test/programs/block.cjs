// Preloaded into a reporter: after a while its main thread never comes back. HOW: loop | wait | fifo.
const acts = {
  loop: () => {
    for (;;);
  },
  wait: () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0),
  fifo: () => require('node:fs').readFileSync(process.env.FIFO),
}
if (require('node:worker_threads').isMainThread) setTimeout(() => acts[process.env.HOW](), 300)
