// A host of one command for runtimes that do not resolve a package by its own name.
import { CommandTracker } from '../../dist/index.js'

const tracker = new CommandTracker({
  app: 'acme',
  version: '1.2.3',
  posthog: { apiKey: 'phc_test', host: process.env.POSTHOG },
})
await tracker.run('toolkit.run', () => console.log('done'))
console.log(JSON.stringify(tracker.status().outcomes))
