// The command with afterword around it, as CommonJS.
const { CommandTracker } = require('afterword')

const posthog = { apiKey: 'phc_bench', host: process.env.ENDPOINT }
const tracker = new CommandTracker({ app: 'acme', version: '1.2.3', posthog })
void tracker.run('toolkit.run', async () => {}).then(() => globalThis.afterCommand?.())
