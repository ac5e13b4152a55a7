// Preloaded into a reporter: after a while its main thread never comes back. HOW: loop | wait | pattern | fifo, or `early`: at once,
// before the reporter's first line.
const wait = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
const acts = {
  loop: () => {
    for (;;);
  },
  wait,
  pattern: () => /^(a+)+$/.test(`${'a'.repeat(60)}b`),
  fifo: () => require('node:fs').readFileSync(process.env.FIFO),
}
const { HOW } = process.env
if (require('node:worker_threads').isMainThread) {
  if (HOW === 'early') wait()
  setTimeout(() => acts[HOW](), 300)
}
