// Arms the reporter's box from inside, then blocks the main thread. argv: dist folder URL, milliseconds, how.
const [dist, boxMs, how] = process.argv.slice(2)
const { armDeadline } = await import(`${dist}/reporter/deadline.js`)
armDeadline(Number(boxMs), 'inside')
switch (how) {
  case 'loop':
    for (;;);
  case 'atomics':
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
    break
  case 'regexp':
    ;/^(a+)+$/.test(`${'a'.repeat(64)}b`)
    break
  case 'idle':
    setInterval(() => {}, 1000)
}
