// One session in ~/.acme, out of the built package: says `up`, and begins. Its workload marks its first act and its last one in the
// home, and leaves a child behind that holds its output a little longer.
import { runSession } from '../../dist/session/run-session.js'

const { HOME } = process.env
process.stdout.write('up\n')
await runSession({
  command: 'sh',
  args: ['-c', ': > "$0/begun"; sleep 0.2 & sleep 0.1; : > "$0/ended"', HOME],
  directory: `${HOME}/.acme`,
  limits: { outputDrainMs: 2000 },
})
