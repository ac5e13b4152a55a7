// A host that prints on both streams, then ends as argv[2] says. PREPARE is code that its command runs first, PACKAGE another
// copy of afterword, STATUS a file for what status() has counted at the exit.
import { writeFileSync } from 'node:fs'

const { CommandTracker } = await import(process.env.PACKAGE ?? 'afterword')
const { POSTHOG, PREPARE = '', STATUS } = process.env
const tracker = new CommandTracker({ app: 'acme', version: '1.2.3', posthog: { apiKey: 'phc_test', host: POSTHOG } })
const ends = {
  ok: () => 'the value',
  throw: () => Promise.reject(new TypeError('it broke')),
  exit: () => process.exit(3),
  term: async () => {
    await new Promise((resolve) => setImmediate(resolve))
    process.kill(process.pid, 'SIGTERM')
    await new Promise(() => setInterval(() => {}, 1000))
  },
}
const value = await tracker.run('toolkit.run', async () => {
  if (STATUS) process.on('exit', () => writeFileSync(STATUS, JSON.stringify(tracker.status().outcomes)))
  process.stdout.write(`\0${JSON.stringify({ rows: Array.from({ length: 5000 }, (_, n) => n) })}\n`)
  process.stderr.write('\u001b[33mwarning: something\u001b[0m\n')
  // oxlint-disable-next-line typescript/no-implied-eval -- the test's own
  new Function(PREPARE)()
  return ends[process.argv[2]]()
})
console.log(value)
