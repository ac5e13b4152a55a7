// The main program of a single executable: notes each of its runs, then one command. The package lies beside it, on disk.
require('node:fs').appendFileSync(process.env.RUNS, `${process.argv.slice(1).join(' ')}\n`)
const { CommandTracker } = require('node:module').createRequire(process.env.PACKAGE)('./dist/index.js')

const tracker = new CommandTracker({
  app: 'acme',
  version: '1.2.3',
  posthog: { apiKey: 'phc_test', host: process.env.POSTHOG },
})
void tracker.run('toolkit.run', () => console.log('done')).then(() => console.log(JSON.stringify(tracker.status())))
