// A host of one command. argv: `stays` lives on when the command is over, `stubborn` does so and ignores SIGTERM, `leaves` ends.
// Beside it, a child that is not detached: whatever is meant to end the host's surroundings ends that one. Both pids go to ~/pids.
import { spawn } from 'node:child_process'
import { renameSync, writeFileSync } from 'node:fs'
import { CommandTracker } from 'afterword'

const { HOME, POSTHOG } = process.env
const how = process.argv[2]
if (how === 'stubborn') process.on('SIGTERM', () => {})
const tracker = new CommandTracker({ app: 'acme', version: '1.2.3', posthog: { apiKey: 'phc_test', host: POSTHOG } })
await tracker.run('toolkit.run', () => console.log('done'))
const sibling = spawn('sleep', ['60'], { stdio: 'ignore' })
sibling.unref()
writeFileSync(`${HOME}/pids.tmp`, JSON.stringify({ host: process.pid, sibling: sibling.pid }))
renameSync(`${HOME}/pids.tmp`, `${HOME}/pids`)
if (how !== 'leaves') setTimeout(() => {}, 60_000)
