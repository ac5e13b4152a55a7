#!/usr/bin/env node
// A CLI with usage telemetry. All that telemetry needs is in this file; the commands are in commands.js.
import { CommandTracker, defineProperties, oneOf } from 'afterword'
import { instrument, telemetryCommand } from 'afterword/yargs'
import yargs from 'yargs'
import { hideBin } from 'yargs/helpers'
import { addCommands, TOOLS } from './commands.js'
import { readKey } from './credentials.js'

const api = process.env.ACME_API ?? 'http://127.0.0.1:8485'

const tracker = new CommandTracker({
  app: 'acme', // ACME_USAGE_TRACKING=0 turns it off; state lives in ~/.acme
  version: '1.2.3',
  posthog: {
    apiKey: process.env.ACME_POSTHOG_KEY ?? 'phc_acme',
    host: process.env.ACME_POSTHOG_HOST ?? 'http://127.0.0.1:8484', // `afterword collect` listens there
  },
  // Who is signed in? Asked at login, or when the key has changed; never on the way of another command.
  principal: () => ({ url: `${api}/api/v1/auth/validate`, credential: readKey() }), // reads data.principal_id
  credential: readKey, // only a salted hash of it is kept
  // What commands may say beside: nothing else can be added, and no free text.
  properties: defineProperties({ tool: oneOf(...TOOLS, 'other') }),
})

const cli = yargs(hideBin(process.argv)).scriptName('acme').version('1.2.3').strict().demandCommand(1)

// One line: every command is one event, whatever ends it.
instrument(cli, tracker, { login: 'login', logout: 'logout' })

await addCommands(cli, tracker).command(telemetryCommand(tracker)).parseAsync()
