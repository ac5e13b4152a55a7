// posthog-node in the CLI itself, which waits for it.
import { PostHog } from 'posthog-node'

const client = new PostHog('phc_bench', { host: process.env.ENDPOINT, flushAt: 1, flushInterval: 0 })
await (async () => {})()
client.capture({ event: 'toolkit.run', distinctId: 'someone', properties: { version: '1.2.3' } })
globalThis.afterCommand?.()
await client.shutdown(9_000)
