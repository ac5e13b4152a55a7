// A host of one command, which does what the code in argv[2] says. BARE=1 leaves the tracker out, BEGIN=1 begins and never
// finishes, BEFORE is code for before the tracker exists. Prints nothing of its own.
import { CommandTracker } from 'afterword'
import { onExit } from 'signal-exit'

const AsyncFunction = (async () => {}).constructor
const { BARE, BEGIN, BEFORE = '', POSTHOG = 'http://127.0.0.1:9', TRACKER = '{}' } = process.env
const code = (source) => (command, tracker) =>
  new AsyncFunction('command', 'tracker', 'onExit', source)(command, tracker, onExit)
await code(BEFORE)()
const posthog = { apiKey: 'phc_test', host: POSTHOG }
const tracker = BARE ? null : new CommandTracker({ app: 'acme', version: '1.2.3', posthog, ...JSON.parse(TRACKER) })
const body = code(process.argv[2])
if (tracker === null) await body()
else if (BEGIN) await body(tracker.begin('toolkit.run'), tracker)
else await tracker.run('toolkit.run', (command) => body(command, tracker))
