// Starts test/programs/stay.cjs by detachedSpawn and prints the outcome. PREPARE names what is done to this process first.
import { detachedSpawn } from '../../dist/platform/detached-spawn.js'

const fs = process.getBuiltinModule('node:fs')
const { isMainThread, Worker } = process.getBuiltinModule('node:worker_threads')
const script = process.env.SCRIPT ?? new URL('stay.cjs', import.meta.url).pathname
const request = {
  script,
  args: ['one', 'a b'],
  variables: { FOLDER: process.env.FOLDER, ...JSON.parse(process.env.VARIABLES ?? '{}') },
  boxSeconds: 10,
}
const say = () => fs.writeSync(1, `${JSON.stringify(detachedSpawn(request))}\n`)
const prepare = {
  environment: () => Object.assign(process.env, JSON.parse(process.env.ENVIRONMENT)),
  'large-variable': () => (request.variables.LARGE = 'x'.repeat(200_000)),
  'nul-byte': () => (request.variables.NUL = 'a\0b'),
  'no-descriptors': () => {
    for (;;)
      try {
        fs.openSync('/dev/null')
      } catch {
        return
      }
  },
  'no-processes': () =>
    process
      .getBuiltinModule('node:child_process')
      .execFileSync('prlimit', ['--pid', String(process.pid), '--nproc=1:1']),
  'delete-directory': () => fs.rmdirSync(process.cwd()),
  'delete-executable': () => fs.unlinkSync(process.execPath),
}
prepare[process.env.PREPARE]?.()
const where = process.env.WHERE
if (where === 'exit') process.on('exit', say)
else if (where === 'worker' && isMainThread) new Worker(new URL(import.meta.url)).on('error', console.error)
else say()
