// A command that says `begun` when its begin record is on disk, works for a moment and ends. argv[2] is its name.
import { writeSync } from 'node:fs'
import { CommandTracker } from 'afterword'

const posthog = { apiKey: 'phc_test', host: process.env.POSTHOG }
const tracker = new CommandTracker({ app: 'acme', version: '1.2.3', posthog })
await tracker.run(process.argv[2], async () => {
  writeSync(1, 'begun\n')
  await new Promise((resolve) => setTimeout(resolve, 15))
})
