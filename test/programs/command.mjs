// A host of one command. argv: what it does. Settings come from TRACKER (JSON), merged over these.
import { CommandTracker } from 'afterword'

const settings = {
  app: 'acme',
  version: '1.2.3',
  posthog: { apiKey: 'phc_test', host: process.env.POSTHOG ?? 'http://127.0.0.1:9' },
}
const tracker = new CommandTracker({ ...settings, ...JSON.parse(process.env.TRACKER ?? '{}') })
const acts = {
  ok: () => console.log('done'),
  throw: () => {
    throw new Error('it broke')
  },
  reject: () => Promise.reject(new TypeError('it was refused')),
  exit: () => process.exit(Number(process.argv[3] ?? 3)),
  hang: async () => {
    await new Promise(setImmediate) // until it waits for something, a signal kills as without a tracker
    console.log('ready')
    await new Promise(() => setInterval(() => {}, 1000))
  },
  uncaught: () =>
    new Promise(() =>
      setImmediate(() => {
        throw new Error('nobody caught it')
      }),
    ),
  unhandled: () =>
    new Promise(() => {
      setInterval(() => {}, 1000)
      void Promise.reject(new Error('nobody handled it'))
    }),
}
await tracker.run(process.argv[4] ?? 'toolkit.run', acts[process.argv[2] ?? 'ok'])
