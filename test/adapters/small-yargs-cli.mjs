// A yargs CLI with a case of everything. PLAIN=1: as its author wrote it. Else instrumented, with a tracker that only notes:
// one JSON line an event into $EVENTS. YARGS: another yargs to use. Its `exit` hook is what the real tracker's is.
import { appendFileSync } from 'node:fs'

const { default: yargs } = await import(process.env.YARGS ?? 'yargs')
const note = (event) => appendFileSync(process.env.EVENTS, `${JSON.stringify(event)}\n`)
const running = new Set()
process.on('exit', (code) => running.forEach((name) => note({ name, exited: code })))
const tracker = {
  begin(name, options) {
    running.add(name)
    return {
      finish({ error, ...end } = {}) {
        if (!running.delete(name)) note({ name, twice: true })
        note({ name, ...options, ...end, ...(error === undefined ? {} : { error: error.name }) })
        if (options.identity === 'login')
          return new Promise((resolve) => setTimeout(() => resolve(note({ name: 'looked up' })), 50))
      },
    }
  },
  status: () => ({
    consent: { allowed: true, source: 'default', explanation: 'On: nothing says otherwise.' },
    waiting: 2,
  }),
  setTracking: (tracking) => (note({ tracking }), { kind: 'stored', left: [] }),
  journal: () => [{ at: '2026-11-20T10:00:00.000Z', verdict: 'dropped', event: 'CLI execution failed', reason: 'age' }],
}

const later = () => new Promise((resolve) => setImmediate(resolve))
const cli = yargs(process.argv.slice(2)).scriptName('small').locale('en')
if (!process.env.PLAIN) {
  const { instrument, telemetryCommand } = await import('../../dist/adapters/yargs.js')
  instrument(cli, tracker, { login: 'login', logout: 'db.logout' }).command(telemetryCommand(tracker))
} else
  cli.command('telemetry <action>', 'What this program reports about its use, and whether it may', {
    action: {},
    json: {},
  })
cli
  .command(['run [tool]', 'r'], 'sync', { level: { choices: ['a', 'b'] } }, ({ tool }) => console.log('ran', tool))
  .command('wait', 'async', {}, async () => console.log('waited', await later()))
  .command('throw', 'sync throw', {}, () => {
    throw new TypeError('boom')
  })
  .command('reject', 'throws in the first turn', {}, async () => {
    throw new TypeError('boom')
  })
  .command(
    'reject-later',
    'async throw',
    (y) => y,
    async () => {
      await later()
      throw new RangeError('late')
    },
  )
  .command('exit', 'exits', {}, () => process.exit(4))
  .command('code', 'exit code', {}, () => {
    process.exitCode = 3
  })
  .command('hang', 'runs out of work', {}, () => new Promise(() => {}))
  .command('broken', 'throws while it is built', () => {
    throw new Error('builder')
  })
  .command(
    'slow-build',
    'async builder',
    async (y) => {
      await later()
      return y.option('n', { demandOption: true })
    },
    async () => console.log('built'),
  )
  .command('login', 'signs in', {}, async () => console.log('hello'))
  .command('login-sync', 'signs in', {}, () => console.log('hello'))
  .command('need <what>', 'wants a word', {}, () => console.log('got it'))
  .command(
    'check',
    'checks',
    (y) =>
      y.check(() => {
        throw new RangeError('secret-word is wrong')
      }),
    () => {},
  )
  .command('db', 'nested', (y) =>
    y
      .command('migrate <to>', 'deeper', {}, ({ to }) => console.log('to', to))
      .command('logout', 'signs out', {}, () => {})
      .command('deep', 'deepest', (z) =>
        z
          .command('er', 'x', {}, async () => {
            await later()
            console.log('deeper')
          })
          .demandCommand(1),
      )
      .demandCommand(1, 'db wants a command'),
  )

const args = process.argv.slice(2)
const caught = (error) => {
  console.error('caught', error.message)
  process.exitCode = 5
}
const ways = {
  strict: () => cli.strict().demandCommand(1).parseAsync(),
  loose: () => cli.parseAsync(),
  sync: () => void cli.strict().parse(),
  parseSync: () => void cli.strict().parseSync(),
  argv: () => cli.strict().argv,
  uncaught: () => cli.strict().exitProcess(false).parseAsync(),
  caught: async () => {
    try {
      await cli.strict().exitProcess(false).parseAsync()
    } catch (error) {
      caught(error)
    }
  },
  failExits: () =>
    cli
      .strict()
      .fail((message, error) => {
        console.error('fail:', message ?? error.message)
        process.exit(9)
      })
      .parseAsync(),
  failSwallows: async () => {
    try {
      await cli
        .strict()
        .fail(() => {})
        .parseAsync()
    } catch (error) {
      caught(error)
    }
  },
  failFalse: async () => {
    try {
      await cli.strict().fail(false).parseAsync()
    } catch (error) {
      caught(error)
    }
  },
  callback: () => void cli.strict().parse(args, (error, argv, output) => console.log('back', error?.message, output)),
  default: () =>
    cli
      .command('$0 [file]', 'the default', { n: { type: 'number', demandOption: true } }, () => console.log('default'))
      .strict()
      .parseAsync(),
  namedDefault: () => cli.command(['serve', '$0'], 'the default', {}, () => console.log('serving')).parseAsync(),
  slowMiddleware: () => cli.middleware(later).middleware(later, true).strict().parseAsync(),
  badMiddleware: () =>
    cli
      .middleware(async () => {
        await later()
        throw new RangeError('middleware')
      })
      .parseAsync(),
  thrice: async () => {
    for (const words of [['run', 'x'], ['reject'], ['nope'], ['throw']])
      try {
        await cli.strict().exitProcess(false).parseAsync(words)
      } catch {
        await later()
      }
  },
  recommending: () => cli.recommendCommands().parseAsync(),
  completing: () => cli.completion().parseAsync(),
}
await ways[process.env.WAY]()
console.log('parsed')
