// Stores argv[2] as the user's choice and prints how that went.
import { CommandTracker } from 'afterword'

const posthog = { apiKey: 'phc_test', host: 'http://127.0.0.1:9' }
console.log(JSON.stringify(new CommandTracker({ app: 'acme', version: '1.2.3', posthog }).setTracking(process.argv[2])))
