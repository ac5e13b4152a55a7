/** The commands, their options and what help says of them. Nothing here does anything: what does is loaded on use. */
import yargs, { type Argv } from 'yargs'
import { version } from '../version.ts'
import { complaintAbout, resolvePlace } from './place.ts'
import type { Screens } from './screen.ts'

/** Calls a command with the screens and makes its result the exit code. */
export type Perform = (run: (screens: Screens) => number | Promise<number>) => Promise<void>

export const COMMAND_NAMES = ['status', 'on', 'off', 'log', 'flush', 'collect', 'demo'] as const

const JSON_OPTION = { type: 'boolean', default: false, describe: 'Print JSON', defaultDescription: 'no' } as const

export function defineCommands(words: readonly string[], perform: Perform): Argv {
  return yargs([...words])
    .scriptName('afterword')
    .usage(
      '$0 COMMAND [OPTIONS]\n\nUsage telemetry of a command-line tool: what it may send, what it sent, and what waits.',
    )
    .locale('en')
    .parserConfiguration({ 'duplicate-arguments-array': false, 'dot-notation': false, 'boolean-negation': false })
    .command(
      'status',
      'Whether it may report and what decided that, who is there, what waits',
      (cli) => ofAnApp(cli, 'status [--app NAME | --directory DIR]'),
      (argv) => perform(async (screens) => (await import('./status.ts')).status(resolvePlace(argv), argv, screens)),
    )
    .command(
      'on',
      'Allow it to report, for this user',
      (cli) => ofAnApp(cli, 'on [--app NAME | --directory DIR]'),
      ({ json, ...argv }) =>
        perform(async (screens) =>
          (await import('./choose-tracking.ts')).chooseTracking(resolvePlace(argv), { tracking: 'on', json }, screens),
        ),
    )
    .command(
      'off',
      'Forbid it, and erase the ids and what waits',
      (cli) => ofAnApp(cli, 'off [--app NAME | --directory DIR]'),
      ({ json, ...argv }) =>
        perform(async (screens) =>
          (await import('./choose-tracking.ts')).chooseTracking(resolvePlace(argv), { tracking: 'off', json }, screens),
        ),
    )
    .command(
      'log',
      'What was accepted, rejected or dropped and why, and what waits',
      (cli) => ofAnApp(cli, 'log [--app NAME | --directory DIR]'),
      (argv) => perform(async (screens) => (await import('./log.ts')).log(resolvePlace(argv), argv, screens)),
    )
    .command('flush', 'Deliver what waits now, without waiting for a back-off', flushOptions, (argv) =>
      perform(async (screens) => {
        const { host, 'api-key': apiKey, json } = argv
        const destination = { ...(host === undefined ? {} : { host }), ...(apiKey === undefined ? {} : { apiKey }) }
        return (await import('./flush.ts')).flush(resolvePlace(argv), { json, destination }, screens)
      }),
    )
    .command(
      'collect',
      'Receive events as PostHog does, and print them',
      collectOptions,
      ({ listen, database, json }) =>
        perform(async (screens) => (await import('./collect.ts')).collect({ listen, database, json }, screens)),
    )
    .command('demo', 'The whole story, with a small CLI and a collector of its own', demoOptions, ({ keep, json }) =>
      perform(async (screens) => (await import('./demo.ts')).demo({ keep, json }, screens)),
    )
    .demandCommand(1, 'it wants a command')
    .recommendCommands()
    .strict()
    .help()
    .version(version)
    .fail(false) as unknown as Argv
}

function ofAnApp<T>(
  cli: Argv<T>,
  usage: string,
): Argv<T & { app: string | undefined; directory: string | undefined; json: boolean }> {
  return cli
    .usage(`$0 ${usage} [--json]`)
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

function flushOptions<T>(cli: Argv<T>): Argv<
  T & {
    app: string | undefined
    directory: string | undefined
    json: boolean
    host: string | undefined
    'api-key': string | undefined
  }
> {
  return ofAnApp(cli, 'flush [--app NAME | --directory DIR] [--host URL [--api-key KEY]]')
    .option('host', { type: 'string', requiresArg: true, describe: 'Where to, instead of the newest event’s' })
    .option('api-key', { type: 'string', requiresArg: true, describe: 'Whose events go to --host' })
    .implies('api-key', 'host')
    .check(({ host }) => {
      if (host === undefined || /^https?:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/.test(host)) return true
      throw new Error(`--host is '${host}', wants an address such as https://eu.i.posthog.com`)
    })
}

function collectOptions<T>(cli: Argv<T>): Argv<T & { listen: string; database: string | undefined; json: boolean }> {
  return cli
    .usage('$0 collect [--listen HOST:PORT] [--database FILE] [--json]')
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
    .usage('$0 demo [--keep] [--json]')
    .option('keep', {
      type: 'boolean',
      default: false,
      defaultDescription: 'no',
      describe: 'Let the collector run at the end, until Ctrl-C, to look into it',
    })
    .option('json', JSON_OPTION)
}
