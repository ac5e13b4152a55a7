// argv: a state directory. Runs one short session in it, and ends: its tracer is gone.
import { runSession } from 'afterword/session'

await runSession({ command: 'sleep', args: ['0.2'], directory: process.argv[2], pty: false })
