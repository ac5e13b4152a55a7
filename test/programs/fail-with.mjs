// A command that fails with the message it is given.
import { CommandTracker } from 'afterword'

const posthog = { apiKey: 'phc_test', host: process.env.POSTHOG }
await new CommandTracker({ app: 'acme', version: '1.2.3', posthog }).run('fail', () => {
  throw new Error(process.argv[2])
})
