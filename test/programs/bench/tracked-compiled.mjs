// The same as tracked.mjs, with the bundle that V8 had compiled before.
import { CommandTracker } from 'afterword-compiled'

const tracker = new CommandTracker({
  app: 'acme',
  version: '1.2.3',
  posthog: { apiKey: 'phc_bench', host: process.env.ENDPOINT },
})
await tracker.run('toolkit.run', async () => {})
globalThis.afterCommand?.()
