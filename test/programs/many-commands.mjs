// Runs one command after the other until its stdin ends, and says of each what became of it.
import { CommandTracker } from 'afterword'

const posthog = { apiKey: 'phc_test', host: process.env.POSTHOG ?? 'http://127.0.0.1:9' }
const tracker = new CommandTracker({
  app: 'acme',
  version: '1.2.3',
  posthog,
  ...JSON.parse(process.env.TRACKER ?? '{}'),
})
let over = false
process.stdin.on('end', () => (over = true)).resume()
for (let before = {}; !over; ) {
  await tracker.run('toolkit.run', () => new Promise(setImmediate))
  const { outcomes } = tracker.status()
  console.log(Object.keys(outcomes).find((outcome) => outcomes[outcome] !== before[outcome]))
  before = outcomes
}
