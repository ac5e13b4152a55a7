// A host of one command in a given directory. argv: dist folder URL, directory, PostHog's URL, what it does, whose it becomes.
const [dist, directory, host, act, principal] = process.argv.slice(2)
const { CommandTracker } = await import(`${dist}/index.js`)
const tracker = new CommandTracker({
  app: 'acme',
  version: '1.2.3',
  posthog: { apiKey: 'phc_test', host },
  directory,
  principal: () => principal ?? null,
})
await tracker.run(`toolkit.${act}`, () => undefined, act === 'run' ? {} : { identity: act })
console.log(JSON.stringify(tracker.status()))
