// The command with afterword around it.
import { CommandTracker } from 'afterword'

const tracker = new CommandTracker({
  app: 'acme',
  version: '1.2.3',
  posthog: { apiKey: 'phc_bench', host: process.env.ENDPOINT },
})
await tracker.run('toolkit.run', async () => {})
globalThis.afterCommand?.()
