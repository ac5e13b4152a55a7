// A host of one command; prints how many milliseconds `run` took beyond the command itself, and what was counted.
import { CommandTracker } from 'afterword'

const posthog = { apiKey: 'phc_test', host: process.env.POSTHOG }
const tracker = new CommandTracker({
  app: 'acme',
  version: '1.2.3',
  posthog,
  ...JSON.parse(process.env.TRACKER ?? '{}'),
})
const startedAt = performance.now()
await tracker.run('toolkit.run', () => {})
console.log(JSON.stringify({ ms: performance.now() - startedAt, outcomes: tracker.status().outcomes }))
