/** The commands, their options and what help says of them. Nothing here does anything: what does is loaded on use. */
import yargs, { type Argv } from 'yargs'
import type { Destination } from '../reporter/reporter-task.ts'
import { version } from '../version.ts'
import { complaintAbout, resolvePlace } from './place.ts'
import type { Screens } from './screen.ts'

/** Calls a command with the screens and makes its result the exit code. */
export type Perform = (run: (screens: Screens) => number | Promise<number>) => Promise<void>

const COMMANDS = {
  status: 'Whether it may report and what decided that, who is there, what waits',
  on: 'Allow it to report, for this user',
  off: 'Forbid it, and erase the ids and what waits',
  log: 'What was accepted, rejected or dropped and why, and what waits',
  flush: 'Deliver what waits now, without waiting for a back-off',
  proxy: 'Stand before a Chromium, and say why each session with it ended',
  collect: 'Receive events as PostHog does, and print them',
  demo: 'The whole story, with a small CLI and a collector of its own',
} as const

export type CommandName = keyof typeof COMMANDS
export const COMMAND_NAMES = Object.keys(COMMANDS) as readonly CommandName[]

/** The first lines of a command's help. */
function usageOf(name: CommandName, options: string): string {
  return `$0 ${name} ${options} [--json]\n\n${COMMANDS[name]}.`
}

const JSON_OPTION = { type: 'boolean', default: false, describe: 'Print JSON', defaultDescription: 'no' } as const

export function defineCommands(words: readonly string[], perform: Perform): Argv {
  return yargs([...words])
    .scriptName('afterword')
    .usage(
      '$0 COMMAND [OPTIONS]\n\nUsage telemetry of a command-line tool: what it may send, what it sent, and what waits.',
    )
    .locale('en')
    .parserConfiguration({ 'duplicate-arguments-array': false, 'dot-notation': false, 'boolean-negation': false })
    .command('status', COMMANDS.status, statusOptions, (argv) =>
      perform(async (screens) => {
        const place = resolvePlace(argv)
        if (!argv.deep) return (await import('./status.ts')).status(place, argv, screens)
        const { statusDeep } = await import('./status-deep.ts')
        return statusDeep(place, { json: argv.json, destination: destinationOf(argv) }, screens)
      }),
    )
    .command(
      'on',
      COMMANDS.on,
      (cli) => ofAnApp(cli, 'on'),
      ({ json, ...argv }) =>
        perform(async (screens) =>
          (await import('./choose-tracking.ts')).chooseTracking(resolvePlace(argv), { tracking: 'on', json }, screens),
        ),
    )
    .command(
      'off',
      COMMANDS.off,
      (cli) => ofAnApp(cli, 'off'),
      ({ json, ...argv }) =>
        perform(async (screens) =>
          (await import('./choose-tracking.ts')).chooseTracking(resolvePlace(argv), { tracking: 'off', json }, screens),
        ),
    )
    .command(
      'log',
      COMMANDS.log,
      (cli) => ofAnApp(cli, 'log'),
      (argv) => perform(async (screens) => (await import('./log.ts')).log(resolvePlace(argv), argv, screens)),
    )
    .command('flush', COMMANDS.flush, flushOptions, (argv) =>
      perform(async (screens) => {
        const options = { json: argv.json, destination: destinationOf(argv) }
        return (await import('./flush.ts')).flush(resolvePlace(argv), options, screens)
      }),
    )
    .command('proxy', COMMANDS.proxy, proxyOptions, ({ upstream, launch, listen, token, json, ...argv }) =>
      perform(async (screens) => {
        const { proxy } = await import('./proxy.ts')
        const secret = token ?? (process.env['AFTERWORD_PROXY_TOKEN'] || undefined)
        const options = { upstream, chromiumLog: argv['chromium-log'], launch, listen, token: secret, json }
        return proxy({ ...options, place: resolvePlace(argv), destination: destinationHere(argv) }, screens)
      }),
    )
    .command('collect', COMMANDS.collect, collectOptions, ({ listen, database, json }) =>
      perform(async (screens) => (await import('./collect.ts')).collect({ listen, database, json }, screens)),
    )
    .command('demo', COMMANDS.demo, demoOptions, ({ keep, json }) =>
      perform(async (screens) => (await import('./demo.ts')).demo({ keep, json }, screens)),
    )
    .demandCommand(1, 'it wants a command')
    .recommendCommands()
    .strict()
    .help()
    .version(version)
    .exitProcess(false)
    .fail(false)
}

interface AppOptions {
  readonly app: string | undefined
  readonly directory: string | undefined
  readonly json: boolean
}

function ofAnApp<T>(cli: Argv<T>, name: CommandName, options = ''): Argv<T & AppOptions> {
  return cli
    .usage(usageOf(name, `[--app NAME | --directory DIR]${options}`))
    .option('app', { type: 'string', requiresArg: true, describe: 'Whose telemetry', defaultDescription: 'afterword' })
    .option('directory', {
      type: 'string',
      requiresArg: true,
      describe: 'Where it is kept',
      defaultDescription: '~/.APP',
    })
    .option('json', JSON_OPTION)
    .check((argv) => {
      const complaint = complaintAbout(argv)
      if (complaint !== null) throw new Error(complaint)
      return true
    })
    .epilogue(
      'There is no code of the tool here: what it does in CI and whether it shows a first-run notice is not known, and counts as neither.',
    )
}

interface DestinationOptions {
  readonly host: string | undefined
  readonly 'api-key': string | undefined
}

function withDestination<T>(cli: Argv<T>, describe: string): Argv<T & DestinationOptions> {
  return cli
    .option('host', { type: 'string', requiresArg: true, describe })
    .option('api-key', { type: 'string', requiresArg: true, describe: 'Whose events go to --host' })
    .implies('api-key', 'host')
    .check(({ host }) => {
      if (host === undefined || /^https?:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/.test(host)) return true
      throw new Error(`--host is '${host}', wants an address such as https://eu.i.posthog.com`)
    })
}

function destinationOf({ host, 'api-key': apiKey }: DestinationOptions): Partial<Destination> {
  return { ...(host === undefined ? {} : { host }), ...(apiKey === undefined ? {} : { apiKey }) }
}

/** What the command line leaves open, the environment may say. */
function destinationHere(options: DestinationOptions): Partial<Destination> {
  const { AFTERWORD_HOST: host, AFTERWORD_API_KEY: apiKey } = process.env
  return { ...destinationOf({ host: host || undefined, 'api-key': apiKey || undefined }), ...destinationOf(options) }
}

function statusOptions<T>(cli: Argv<T>): Argv<T & AppOptions & DestinationOptions & { deep: boolean }> {
  const base = ofAnApp(cli, 'status', ' [--deep [--host URL [--api-key KEY]]]').option('deep', {
    type: 'boolean',
    default: false,
    defaultDescription: 'no',
    describe: 'Try everything that delivery needs, and say which signal lies',
  })
  return withDestination(base, 'With --deep: which endpoint to ask').check(({ host, deep }) => {
    if (host === undefined || deep) return true
    throw new Error('--host wants --deep')
  })
}

function flushOptions<T>(cli: Argv<T>): Argv<T & AppOptions & DestinationOptions> {
  return withDestination(
    ofAnApp(cli, 'flush', ' [--host URL [--api-key KEY]]'),
    "Where to, instead of the newest event's",
  )
}

interface ProxyArguments {
  readonly upstream: string | undefined
  readonly 'chromium-log': string | undefined
  readonly launch: boolean
  readonly listen: string
  readonly token: string | undefined
}

function proxyOptions<T>(cli: Argv<T>): Argv<T & AppOptions & DestinationOptions & ProxyArguments> {
  const base = ofAnApp(cli, 'proxy', '').usage(
    usageOf(
      'proxy',
      '(--upstream HOST:PORT | --chromium-log FILE | --launch) [--listen HOST:PORT] [--token T] [--app NAME | --directory DIR] [--host URL [--api-key KEY]]',
    ),
  )
  return withDestination(
    base
      .option('upstream', { type: 'string', requiresArg: true, describe: "HOST:PORT of a browser's DevTools" })
      .option('chromium-log', {
        type: 'string',
        requiresArg: true,
        describe: 'Read in this FILE where the browser listens, now and after each restart',
      })
      .option('launch', {
        type: 'boolean',
        default: false,
        defaultDescription: 'no',
        describe: 'Start a Chromium, and start it again when it ends',
      })
      .option('listen', {
        type: 'string',
        requiresArg: true,
        default: '127.0.0.1:9333',
        describe: 'HOST:PORT for clients; other than loopback only with --token',
      })
      .option('token', {
        type: 'string',
        requiresArg: true,
        describe: 'What clients must bring, as ?token=T; else AFTERWORD_PROXY_TOKEN',
      })
      .check(({ upstream, 'chromium-log': log, launch }) => {
        if ([upstream !== undefined, log !== undefined, launch].filter(Boolean).length === 1) return true
        throw new Error('it wants one of --upstream HOST:PORT, --chromium-log FILE and --launch')
      }),
    'Where events are sent to; else AFTERWORD_HOST',
  )
}

function collectOptions<T>(cli: Argv<T>): Argv<T & { listen: string; database: string | undefined; json: boolean }> {
  return cli
    .usage(usageOf('collect', '[--listen HOST:PORT] [--database FILE]'))
    .option('listen', {
      type: 'string',
      requiresArg: true,
      default: '127.0.0.1:8484',
      describe: 'HOST:PORT of loopback',
    })
    .option('database', { type: 'string', requiresArg: true, describe: 'SQLite FILE', defaultDescription: 'in memory' })
    .option('json', JSON_OPTION)
}

function demoOptions<T>(cli: Argv<T>): Argv<T & { keep: boolean; json: boolean }> {
  return cli
    .usage(usageOf('demo', '[--keep]'))
    .option('keep', {
      type: 'boolean',
      default: false,
      defaultDescription: 'no',
      describe: 'Let the collector run at the end, until Ctrl-C, to look into it',
    })
    .option('json', JSON_OPTION)
}
