/** docs/cli.md: what the program's help says, and beside it what help has no room for. */
import { COMMAND_NAMES, type CommandName, defineCommands } from '../../src/cli/commands.ts'

const INTRODUCTION = `# The program

\`afterword\` looks after the telemetry of any CLI that uses this SDK: \`--app acme\` (its directory is then \`~/.acme\`), or
\`--directory DIR\`. The help texts here are the program's own; a test compares the two. To make this page again:
\`UPDATE_DOCS=1 npx vitest run test/docs/help-equals-docs.test.ts\`.

- Data goes to stdout, everything else (progress, warnings, errors) to stderr. \`--json\` prints the data as JSON.
- Exit code 0: done. 1: it failed, stderr says why and what to do. 2: wrong usage.
- Colours only on a terminal, and not where \`NO_COLOR\` is set.
- The program has none of the CLI's own code. What that CLI does in CI (its \`ci\` option) and whether it shows a first-run notice
  are not known here: in CI the answer is off, and no notice is waited for.
`

const WORDS: { readonly [name in CommandName]: string } = {
  status: `Reads only, and makes nothing. \`consent\` names what decided. \`back-off\` has a line for each destination that is not to be
tried yet, or failed last time. \`stand-in\` is there if the directory took no writes and events went to \`$XDG_RUNTIME_DIR/<app>\` or
\`<tmpdir>/<app>-<uid>\`. \`--json\` is what \`tracker.status()\` gives, with \`lastDelivery\` and \`standIns\`.

\`--deep\` tries everything that delivery needs, and prints a line for each probe:

| verdict | means |
|---|---|
| \`PASS\` | as it should be |
| \`FAIL\` | it is not, and something is lost, late or never sent for it |
| \`WARN\` | neither: it mends itself, or it works and is a mistake all the same |
| \`n/a\` | there is nothing to look at here, or looking was not allowed |

Exit code 1 if one failed, else 0: also without a network, for the question is whether an event would arrive now. Nothing is lost then: what
is recorded waits for the next command that has one. Where two signals cannot both be true, it names the one that lies. \`--json\` prints
\`{ "probes": [{ "name", "verdict", "evidence", "destination"? }], "contradictions": [{ "lies", "because" }] }\`. It is over in 5 s,
whatever hangs. It writes 32 KiB to \`telemetry/\` and removes them, starts a reporter without a task, and asks the endpoints (three at
most) of what waits, of the back-off and of the last reporter, or \`--host\`. **No event is sent**: the one request is
\`OPTIONS <host>/batch/\`, the path that events take with a method that carries none, and no key goes with it. Where consent is off
nothing is written, started or asked. What each probe means is in [reporter.md](reporter.md#looking-for-trouble).`,
  on: `Stores the choice in \`telemetry/consent.json\`. Where a variable or CI still says otherwise, it says so. After an \`off\`, what was
recorded against it is erased first.`,
  off: `Stores the choice first, and then erases the ids and what waits. A request that is already on the wire is not called back.
If the directory takes no writes, the choice goes to a stand-in, and what could not be erased is named (exit code 1). Without any
file, \`ACME_USAGE_TRACKING=0\` or \`DO_NOT_TRACK=1\` in the environment says no.`,
  log: `The journal (\`sent.jsonl\`, bounded to 256 KiB), oldest first: accepted, rejected or dropped, at which time and why. Then what
waits. \`--json\` prints a line for each, as in the journal, with \`"verdict":"waiting"\` for what waits. *Accepted* is what the endpoint
said; what it does with an event afterwards nobody here can know.`,
  flush: `Runs reporters until nothing waits or one gets nothing further, whatever the back-off says; waits while another reporter is at
work. Ends with \`N delivered, M rejected, K waiting (why)\`. Exit code 0 if nothing is left waiting, else 1. Where consent is off,
nothing is sent. Each event goes where its command meant it to go; \`--host\` sends those with the newest event's key (or with
\`--api-key\`) to another address.`,
  proxy: `Clients (Playwright's \`connectOverCDP\`, Puppeteer's \`connect\`) use the printed address in the place of the browser's. A line on
stdout for each session that begins or has ended, with the reason; \`--json\` prints JSON lines. Ctrl-C and SIGTERM tell every client
(1001) and end it within 5 s, with exit code 0.

- \`--upstream\` takes a browser that runs: it is asked for its address.
- \`--chromium-log\` reads the address in the log of a browser that somebody else starts and starts again, on whatever port.
- \`--launch\` starts the first Chromium on \`PATH\`, headless, in a new profile, and starts it again when it ends, later and later if it dies
  young; how it ended is said on stderr. It ends with the proxy.

The events are \`cdp_connect\` and \`cdp_disconnect\` ([events.md](events.md)). They are recorded for \`--app\` and sent to \`--host\` with
\`--api-key\` (or \`AFTERWORD_HOST\` and \`AFTERWORD_API_KEY\`); without them, or without consent, they are only printed, and it says so.
A token on the command line can be seen by everybody on the machine (\`ps\`); \`AFTERWORD_PROXY_TOKEN\` says it in the environment. See [proxy.md](proxy.md) and
[SECURITY.md](SECURITY.md#the-cdp-proxy).`,
  collect: `A line for each event on stdout until Ctrl-C, which ends it with exit code 0. Without \`--database\` the events are in memory.
Only addresses of this machine: there is no authentication. See [collector.md](collector.md).`,
  trace: `The command's stdin, stdout, stderr and exit status, a signal included, are its own; what we say goes to stderr: [sessions.md](sessions.md#afterword-trace).
In a terminal it gets a pseudo-terminal of its own by \`script(1)\`. The summary goes to \`--host\` and \`--api-key\`, or to
\`AFTERWORD_HOST\` and \`AFTERWORD_API_KEY\`; with neither it stays on disk, as it does where consent is off. It is booked to whoever
was signed in when the session began. Exit code 127: no such command; 126: no program. See [sessions-on-disk.md](sessions-on-disk.md).`,
  sessions: `\`list\`: one line for each session that has ended. \`show ID\` (or how an id begins): what it used, memory and CPU as curves,
a \`^\` where an anomaly was seen; \`--markdown\` gives the same as tables, with the last ten snapshots, for a bug report. \`recover\`:
speaks for sessions whose tracer was killed, as every reporter does, and prints each [verdict](sessions-on-disk.md#verdicts), how often,
and what was done; exit code 1 if something could not be written.`,
  demo: `Runs [docs/examples/acme](examples/acme/README.md) as separate processes, in a temporary home and an environment of its own, so
that \`CI\`, \`DO_NOT_TRACK\` and proxies of yours decide nothing: an anonymous command, a login, a failing and a killed command, an
opted-out one, a logout. Prints who did what under which identity and what telemetry cost, and checks every claim; exit code 1 if
one is not so, and the home is kept to be looked at. \`npm run demo\` in a clone; the installed package has no examples.`,
}

export async function cliMarkdown(): Promise<string> {
  const sections = COMMAND_NAMES.map(async (name) => `## ${name}\n\n${await help(name)}\n${WORDS[name]}\n`)
  return [INTRODUCTION, await help(), ...(await Promise.all(sections))].join('\n')
}

async function help(...words: string[]): Promise<string> {
  const text = await defineCommands(words, async () => undefined).getHelp()
  return `\`\`\`text\n${text.trimEnd()}\n\`\`\`\n`
}
