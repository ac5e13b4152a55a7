// The user says no.
import { CommandTracker } from 'afterword'

const tracker = new CommandTracker({
  app: 'acme',
  version: '1',
  posthog: { apiKey: 'phc_x', host: 'http://127.0.0.1:9' },
})
console.log(JSON.stringify(tracker.setTracking(process.argv[2] ?? 'off')))
