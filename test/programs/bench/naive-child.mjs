// Sends the one event of its environment with posthog-node as npm installs it.
import { PostHog } from 'posthog-node'

setTimeout(() => process.exit(), 10_000).unref()
const client = new PostHog('phc_bench', { host: process.env.ENDPOINT, flushAt: 1, flushInterval: 0 })
client.capture(JSON.parse(process.env.USAGE_EVENT))
await client.shutdown(9_000)
