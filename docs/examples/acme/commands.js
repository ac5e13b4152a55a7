// The CLI itself. Only `toolkit run` knows of telemetry, because it has something to add.
import { forgetKey, writeKey } from './credentials.js'

export const TOOLS = ['hammer', 'saw']

export function addCommands(cli, tracker) {
  return cli
    .command('toolkit', 'Work with tools', (toolkit) =>
      toolkit
        .command(
          'run [tool]',
          'Run a tool',
          (run) => run.positional('tool', { type: 'string', default: 'hammer', describe: 'Name of the tool' }),
          ({ tool }) =>
            // Joins the event that yargs' instrumentation has begun: still one event.
            tracker.run('toolkit.run', async (command) => {
              command.add({ tool: TOOLS.includes(tool) ? tool : 'other' })
              console.log(`${tool}: done`)
            }),
        )
        .demandCommand(1),
    )
    .command(
      'login',
      'Sign in',
      (login) => login.option('key', { type: 'string', demandOption: true, describe: 'Your API key' }),
      async ({ key }) => {
        writeKey(key)
        console.log('Signed in.')
      },
    )
    .command('logout', 'Sign out', {}, async () => {
      forgetKey()
      console.log('Signed out.')
    })
    .command('fail', 'Fail, to see what is reported', {}, async () => {
      throw new Error('The tool broke')
    })
    .command('crash', 'Die without a word; the next run reports it', {}, () => {
      process.kill(process.pid, 'SIGKILL')
    })
}
